"""The formats that are written, one module each: anew from annotations, and changed node by node.

Conventions
-----------
`write_NAME(annotations, folder or file)` composes a document anew; `rewrite_NAME(changes, files, lost)` changes the
documents that annotations came from, and nothing else in them. What a document cannot be made to say is counted in
`lost`, by what it is.
"""
