"""The spine: submit → review → execute → confirm, the same for every operation. Read flow.py first."""
