"""`labelqa export`: a trained model as one file that runs anywhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from labelqa._foreign import json_of, utf8_of
from labelqa.cli._features import read_keyed
from labelqa.cli._options import PATH, option, root_option, say, verb
from labelqa.errors import TableError


@verb()
@click.argument("model", type=PATH)
@option("--items", type=PATH, required=True, help="Held-out images (a folder), or features (CSV or Parquet).")
@option("--name", required=True, help="Name of the model.")
@root_option
@option("--gold", type=PATH, former="--labels", help="Trusted labels of the held-out items (CSV: item_id, label).")
@option("--annotations", type=PATH, former="--data", help="What the model was trained on; its hash is recorded.")
@option("--decisions", type=PATH, former="--fixes",
        help="The decisions that corrected it; their hash is recorded.")  # fmt: skip
@option("--comparison", type=PATH, help="Result of labelqa compare --json.")
@option("--notes", default="", help="A sentence for the model card.")
@option("--from-features", is_flag=True, help="Start from the feature vector even if the features are known.")
@option("--n-parity", type=int, default=500, show_default=True, help="Items the graph must be compared on.")
@option("--json", "as_json", is_flag=True, help="Print the metadata instead of the folder.")
def export(
    *, model: Path, items: Path, gold: Path | None, comparison: Path | None, root: Path, as_json: bool, **how: Any
) -> None:
    """Write MODEL (from labelqa train) as ONNX once it answers as the Python model does; print the folder."""
    import pandas as pd

    from labelqa import baseline, deploy

    done = deploy.export(
        baseline.load(model),
        root,
        items=items if items.is_dir() else read_keyed(items),
        gold=None if gold is None else pd.read_csv(gold, dtype={"item_id": "str"}),
        comparison=None if comparison is None else _json(comparison),
        **how,
    )
    say(
        f"{done.n_parity:,} items compared: probabilities differ by at most {done.max_difference:.1e}, no label "
        f"changes; {done.n_bytes:,} bytes; {done.graph_ms:.2f} ms per item ({done.python_ms:.2f} in Python)"
    )
    click.echo(json.dumps(done.metadata, ensure_ascii=False) if as_json else done.path)


def _json(path: Path) -> dict[str, Any]:
    data = json_of(utf8_of(path.read_bytes(), path), path)
    if not isinstance(data, dict):
        raise TableError(f"{path} holds a {type(data).__name__}; give what labelqa compare --json printed.")
    return data
