"""The builder: a chapter's text becomes a notebook that ran, and by nbgrader the notebook that students get.

`python -m nn_book build` writes what changed, `python -m nn_book check` changes nothing and complains of
everything that has drifted or would break silently. CONTRIBUTING.md describes the text format.
"""
