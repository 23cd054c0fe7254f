"""How far annotators agree, on labels and on boxes, beyond what chance would give."""
