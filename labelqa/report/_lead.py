"""The first three sentences: how good, how sure, what to do."""

from __future__ import annotations

from collections.abc import Mapping

from labelqa.report import _blocks as blocks
from labelqa.report._change import verdict
from labelqa.report._disagreement import mixers
from labelqa.report._method import Origin
from labelqa.report._part import Part
from labelqa.report._words import agreement_in_words, count, listed, percent, with_interval


def lead(parts: Mapping[str, Part], origin: Origin) -> list[dict[str, str]]:
    """Give the three sentences."""
    return [
        {"head": "How good:", "text": _how_good(parts)},
        {"head": "How sure:", "text": _how_sure(parts, origin)},
        {"head": "What to do:", "text": _what_to_do(parts)},
    ]


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _how_good(parts: Mapping[str, Part]) -> str:
    said = []
    labels, boxes = parts["label agreement"], parts["box agreement"]
    if labels.reason is None and labels.facts["n_paired"]:
        observed = labels.tables["coefficients"].set_index("coefficient")["value"]["percent_agreement"]
        facts = labels.facts
        alpha = with_interval(facts["alpha"], facts["alpha_low"], facts["alpha_high"])
        words = f"two people give an item the same class in {percent(float(observed))} of cases"
        if facts["alpha"] is not None:
            words += f"; beyond chance that is an alpha of {alpha}, {agreement_in_words(facts['alpha'])}"
        said.append(words)
    if boxes.reason is None and boxes.facts["n_pairs"]:
        facts = boxes.facts
        f1 = with_interval(facts["f1"], facts["f1_low"], facts["f1_high"])
        said.append(f"two people's boxes match with an F1 of {f1}, overlapping by {percent(facts['mean_iou'] or 0)}")
    if not said:
        return "Nothing can be said about agreement, because no item was seen by two people."
    accuracy = parts["label consensus"].facts.get("accuracy")
    if accuracy is not None:
        said[-1] += f"; the consensus is right for {percent(accuracy)} of the trusted labels"
    return _capital("; ".join(said)) + "."


def _how_sure(parts: Mapping[str, Part], origin: Origin) -> str:
    said = []
    labels, boxes = parts["label agreement"], parts["box agreement"]
    if labels.reason is None:
        n, all_items = labels.facts["n_paired"], labels.facts["n_items"]
        words = f"agreement on classes rests on {count(n, 'item')} with two or more labels"
        said.append(words + (f" of {all_items:,}; the others say nothing about it" if n < all_items else ""))
    if boxes.reason is None:
        said.append(f"agreement on boxes rests on {count(boxes.facts['n_images'], 'image')} seen by two or more")
    change = parts["retrain"]
    if change.reason is None:
        said.append(f"the worth of fixes on {count(change.facts['n_test'], 'trusted item')}")
    else:
        said.append("what fixing is worth cannot be said (see Before and after)")
    if origin.problems:
        said.append("the result is partial (see Method)")
    return _capital("; ".join(said)) + "."


def _what_to_do(parts: Mapping[str, Part]) -> str:
    said = []
    pairs = parts["label agreement"].tables.get("class_pairs")
    if pairs is not None and len(pairs):
        a, b = str(pairs["label_a"].iloc[0]), str(pairs["label_b"].iloc[0])
        who = [
            sentence.split(" says ")[0] for sentence in mixers(parts["label consensus"], a, b) if " says " in sentence
        ]
        share = percent(float(pairs["share"].iloc[0]))
        said.append(
            f"settle what tells {a} from {b} ({share} of the disagreement)"
            + (f", first with {listed(who)}" if who else "")
        )
    said += _habits(parts["box conventions"])
    flags = parts["flags"]
    if flags.reason is None and flags.facts["n_flagged"]:
        said.append(f"review the {count(flags.facts['n_flagged'], 'flag')}, worst first")
    change = parts["retrain"]
    if change.reason is None:
        words = verdict(change.facts).rstrip(".")
        said.append(words[:1].lower() + words[1:])
    return _capital("; ".join(said)) + "." if said else "Nothing stands out."


def _habits(part: Part) -> list[str]:
    findings = part.tables.get("findings")
    if findings is None or not len(findings):
        return []
    who = list(dict.fromkeys(findings["annotator_id"].astype(str)))[:3]
    return [f"settle how boxes are drawn, with {listed(who)} ({count(len(findings), 'habit')} below)"]


def key_figures(parts: Mapping[str, Part]) -> list[blocks.Block]:
    """Give the few numbers that stand under the sentences."""
    out = []
    labels, boxes, flags, change = (parts[name] for name in ("label agreement", "box agreement", "flags", "retrain"))
    if labels.reason is None:
        facts = labels.facts
        out.append(
            blocks.figure(
                "Agreement on classes",
                facts["alpha"],
                "Krippendorff's alpha: 1 all agree, 0 chance.",
                low=facts["alpha_low"],
                high=facts["alpha_high"],
            )
        )
    if boxes.reason is None:
        facts = boxes.facts
        out.append(
            blocks.figure(
                "Agreement on boxes",
                facts["alpha"],
                "Beyond chance: 1 all alike, 0 chance.",
                low=facts["alpha_low"],
                high=facts["alpha_high"],
            )
        )
    if flags.reason is None:
        out.append(
            blocks.figure(
                "Flagged", flags.facts["n_flagged"], "Labels, boxes and images for a person to look at.", form="count"
            )
        )
    if change.reason is None:
        facts = change.facts
        out.append(
            blocks.figure(
                "Fixing gains",
                facts["difference"],
                "Points of accuracy on trusted items.",
                low=facts["low"],
                high=facts["high"],
                form="points",
            )
        )
    return out
