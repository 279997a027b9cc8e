"""The registry: every operation with its description, in help order. The lists of operations follow from it.

Built by bot/features from the folders it names; nothing else lists operations. A mapping of the operations that change
keys, by name; descriptions also cover what only reads.
"""

from collections.abc import Iterator, Mapping, Sequence

from bot.operations.models import Description, Operation


class Registry(Mapping[str, Operation]):
    """`operations`: those that change keys. `descriptions`: of everything, in help order."""

    def __init__(self, operations: Sequence[Operation], descriptions: Sequence[Description]) -> None:
        self._operations = {operation.name: operation for operation in operations}
        self.descriptions = {description.name: description for description in descriptions}
        if len(self.descriptions) != len(descriptions):
            raise ValueError("two operations have one name")

    def __getitem__(self, name: str) -> Operation:
        return self._operations[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._operations)

    def __len__(self) -> int:
        return len(self._operations)

    def named(self, word: str) -> Description | None:
        """The operation with this name, or the one behind this command word: `key.create`, `new`."""
        by_command = {one.command: one for one in self.descriptions.values() if one.command}
        return self.descriptions.get(word) or by_command.get(word)

    @property
    def buttons(self) -> tuple[Description, ...]:
        """What has a button in a key's window."""
        return tuple(one for one in self.descriptions.values() if one.button)

    def table(self) -> str:
        """The table of docs/operations.md."""
        lines = ["| Operation | Command | What it does | Fields |", "|---|---|---|---|"]
        for one in self.descriptions.values():
            command = f"`/apikey {one.command} {one.usage}`".replace(" `", "`") if one.command else "–"
            command = command.replace("|", "\\|")
            shown = ", ".join(f"`{field}`" for field in one.fields) or "–"
            lines.append(f"| `{one.name}` | {command} | {one.help} | {shown} |")
        return "\n".join(lines) + "\n"
