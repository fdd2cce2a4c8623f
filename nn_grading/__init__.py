"""Official grading: notebooks read as data, answers run in a sandbox, outcomes compared outside.

The files, in the order in which a submission passes through them:

`course` (what is asked) → `notebook` (the submission as data) → `names` (what each answer needs) →
`sandbox` and `worker` (run it, isolated; `protocol` is what they say to each other) → `grade` (one
submission) → `pool` or `cluster` (many) → `results`, `feedback`, `report`, `gradebook`.

SECURITY.md says what is promised; docs/instructors.md how a course uses it.
"""
