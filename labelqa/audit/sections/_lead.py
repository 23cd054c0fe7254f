"""The first three sentences: how good, how sure, what to do; and the few numbers under them."""

from __future__ import annotations

from math import isfinite

from labelqa.audit._found import Found
from labelqa.audit.sections._change import verdict
from labelqa.audit.sections._disagreement import Mixing, mixing
from labelqa.audit.sections._method import Origin
from labelqa.report import blocks
from labelqa.report.phrases import clause, count, listed, percent, sentence, with_interval


def lead(found: Found, origin: Origin) -> list[dict[str, str]]:
    """Give the three sentences."""
    return [
        {"head": "How good:", "text": _how_good(found)},
        {"head": "How sure:", "text": _how_sure(found, origin)},
        {"head": "What to do:", "text": _what_to_do(found)},
    ]


def _how_good(found: Found) -> str:
    said = []
    labels, boxes, consensus = found.label_agreement, found.box_agreement, found.label_consensus
    if labels is not None and labels.n_paired:
        observed = labels.coefficients.set_index("coefficient")["value"]["percent_agreement"]
        words = f"two people give an item the same class in {percent(float(observed))} of cases"
        if isfinite(labels.alpha):
            alpha = with_interval(labels.alpha, labels.alpha_low, labels.alpha_high)
            words += f"; beyond chance that is an alpha of {alpha}, {_allows(labels.alpha)}"
        said.append(words)
    if boxes is not None and boxes.n_pairs:
        f1 = with_interval(boxes.f1, boxes.f1_low, boxes.f1_high)
        overlap = boxes.mean_iou if isfinite(boxes.mean_iou) else 0.0
        said.append(f"two people's boxes match with an F1 of {f1}, overlapping by {percent(overlap)}")
    if not said:
        return "Nothing can be said about agreement, because no item was seen by two people."
    if consensus is not None and isfinite(consensus.accuracy):
        said[-1] += f"; the consensus is right for {percent(consensus.accuracy)} of the trusted labels"
    return sentence("; ".join(said))


def _allows(alpha: float) -> str:
    """Say what a chance-corrected agreement allows, by Krippendorff's (2004) rule of thumb: .800 and .667."""
    if alpha >= 0.8:
        return "good enough to rely on"
    if alpha >= 0.667:
        return "enough for tentative conclusions only"
    if alpha > 0.2:
        return "too low to rely on single labels"
    return "hardly better than chance"


def _how_sure(found: Found, origin: Origin) -> str:
    said = []
    labels, boxes = found.label_agreement, found.box_agreement
    if labels is not None:
        words = f"agreement on classes rests on {count(labels.n_paired, 'item')} with two or more labels"
        is_part = labels.n_paired < labels.n_items
        said.append(words + (f" of {labels.n_items:,}; the others say nothing about it" if is_part else ""))
    if boxes is not None:
        said.append(f"agreement on boxes rests on {count(boxes.n_images, 'image')} seen by two or more")
    if found.retrain is not None:
        said.append(f"the worth of fixes on {count(found.retrain.comparison.n_test, 'trusted item')}")
    else:
        said.append("what fixing is worth cannot be said (see Before and after)")
    if origin.problems:
        said.append("the result is partial (see Method)")
    return sentence("; ".join(said))


def _what_to_do(found: Found) -> str:
    said = _classes(found) + _habits(found)
    if found.flags is not None and found.flags.queue.n_flagged:
        said.append(f"review the {count(found.flags.queue.n_flagged, 'flag')}, worst first")
    if found.retrain is not None:
        said.append(clause(verdict(found.retrain.comparison)))
    return sentence("; ".join(said)) if said else "Nothing stands out."


def _classes(found: Found) -> list[str]:
    if found.label_agreement is None or not len(found.label_agreement.class_pairs):
        return []
    first = found.label_agreement.class_pairs.iloc[0]
    a, b = str(first["label_a"]), str(first["label_b"])
    who: Mixing = mixing(found.label_consensus, a, b)
    words = f"settle what tells {a} from {b} ({percent(float(first['share']))} of the disagreement)"
    return [words + (f", first with {listed(who.named)}" if who.named else "")]


def _habits(found: Found) -> list[str]:
    if found.box_conventions is None or not len(found.box_conventions.findings):
        return []
    findings = found.box_conventions.findings
    who = list(dict.fromkeys(findings["annotator_id"].astype(str)))[:3]
    return [f"settle how boxes are drawn, with {listed(who)} ({count(len(findings), 'habit')} below)"]


def key_figures(found: Found) -> list[blocks.Block]:
    """Give the few numbers that stand under the sentences."""
    out = []
    if (labels := found.label_agreement) is not None:
        meaning = "Krippendorff's alpha: 1 all agree, 0 chance."
        low, high = labels.alpha_low, labels.alpha_high
        out.append(blocks.figure("Agreement on classes", labels.alpha, meaning, low=low, high=high))
    if (boxes := found.box_agreement) is not None:
        meaning = "Beyond chance: 1 all alike, 0 chance."
        low, high = boxes.alpha_low, boxes.alpha_high
        out.append(blocks.figure("Agreement on boxes", boxes.alpha, meaning, low=low, high=high))
    if found.flags is not None and not found.flags.is_empty:
        meaning = "Labels, boxes and images for a person to look at."
        out.append(blocks.figure("Flagged", found.flags.queue.n_flagged, meaning, form="count"))
    if found.retrain is not None:
        gain, meaning = found.retrain.comparison, "Points of accuracy on trusted items."
        out.append(blocks.figure("Fixing gains", gain.difference, meaning, low=gain.low, high=gain.high, form="points"))
    return out
