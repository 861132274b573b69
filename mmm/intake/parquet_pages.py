"""What the pages of a Parquet file unpack to, as their own headers say: the footer may say anything.

A page is unpacked into as much memory as its header claims, before anything can be checked. Footer and headers are
Thrift structures in the compact protocol (https://github.com/apache/thrift/blob/master/doc/specs/), described by
parquet.thrift (https://github.com/apache/parquet-format). The footer is read here too, since pyarrow ends the process
for some that are damaged.
"""

from collections.abc import Iterator

MAX_PAGES = 100_000
MAX_FOOTER_BYTES = 4_000_000

_ROW_GROUPS, _COLUMNS, _ABOUT_COLUMN = 4, 1, 3
_PACKED_COLUMN, _DATA_PAGES, _DICTIONARY_PAGE = 7, 9, 11
_UNPACKED_PAGE, _PACKED_PAGE = 2, 3
"""Numbers of fields in FileMetaData, RowGroup, ColumnChunk, ColumnMetaData and PageHeader."""

_TRUE, _FALSE, _BYTE, _INTEGERS, _DOUBLE, _BINARY, _LISTS, _MAP, _STRUCT = 1, 2, 3, (4, 5, 6), 7, 8, (9, 10), 11, 12
_DEEPEST = 20
_ENDING = 8
"""Bytes after the footer: its length and the magic."""

type Thrift = int | bytes | list[Thrift] | Structure | None
type Structure = dict[int, Thrift]
"""Values of a Thrift structure by the number of their field."""


class PagesDamaged(ValueError):
    """Pages that are not where, or not what, the footer says."""


def unpacked_bytes(content: bytes) -> int:
    """Bytes that the pages of all columns claim to unpack to.

    Raises
    ------
    PagesDamaged
        When the footer or a page header cannot be read, leads out of the file, or there are more pages than
        `MAX_PAGES`.
    """
    total = pages = 0
    try:
        for at, end in _column_chunks(content):
            while at < end:
                header, at = _Reader(content, at).whole()
                packed, unpacked = _number(header, _PACKED_PAGE), _number(header, _UNPACKED_PAGE)
                if packed < 0 or unpacked < 0:
                    raise PagesDamaged("a page of less than nothing")
                at, total, pages = at + packed, total + unpacked, pages + 1
                if pages > MAX_PAGES:
                    raise PagesDamaged("too many pages")
    except IndexError as error:
        raise PagesDamaged("a page or the footer is cut off") from error
    return total


def _column_chunks(content: bytes) -> Iterator[tuple[int, int]]:
    """Where the pages of each column of each row group start and end."""
    size = int.from_bytes(content[-_ENDING:-4], "little")
    start = len(content) - _ENDING - size
    if start < 0 or size > MAX_FOOTER_BYTES:
        raise PagesDamaged("a footer that is longer than the file, or than a footer is")
    footer, _ = _Reader(content, start).whole()
    for group in _list(footer, _ROW_GROUPS):
        for chunk in _list(_structure(group), _COLUMNS):
            about = _structure(_structure(chunk).get(_ABOUT_COLUMN))
            offsets = [_number(about, field) for field in (_DATA_PAGES, _DICTIONARY_PAGE) if field in about]
            at = min((offset for offset in offsets if offset), default=0)  # nought is written for "none"
            end = at + _number(about, _PACKED_COLUMN)
            if at < 0 or end > len(content):
                raise PagesDamaged("a column leads out of the file")
            yield at, end


def _structure(value: Thrift) -> Structure:
    if not isinstance(value, dict):
        raise PagesDamaged("a structure is missing")
    return value


def _number(structure: Structure, field: int) -> int:
    value = structure.get(field)
    if not isinstance(value, int):
        raise PagesDamaged("a number is missing")
    return value


def _list(structure: Structure, field: int) -> list[Thrift]:
    value = structure.get(field, [])
    if not isinstance(value, list):
        raise PagesDamaged("a list is missing")
    return value


class _Reader:
    """A position in Thrift's compact protocol; ends in IndexError where the content does."""

    def __init__(self, content: bytes, at: int) -> None:
        self.content, self.at = content, at

    def whole(self) -> tuple[Structure, int]:
        """The structure at this position, and where it ends."""
        return self._structure(0), self.at

    def _structure(self, depth: int) -> Structure:
        found: Structure = {}
        field = 0
        while head := self._byte():
            field = field + (head >> 4) if head >> 4 else self._integer()
            found[field] = self._value(head & 15, depth + 1)
        return found

    def _value(self, kind: int, depth: int) -> Thrift:
        if depth > _DEEPEST:
            raise PagesDamaged("nested too deeply")
        if kind in (_TRUE, _FALSE):
            return int(kind == _TRUE)
        if kind == _BYTE:
            return self._byte()
        if kind in _INTEGERS:
            return self._integer()
        if kind == _DOUBLE:
            return self._bytes(8)
        if kind == _BINARY:
            return self._bytes(self._varint())
        if kind in _LISTS:
            head = self._byte()
            return self._entries(self._varint() if head >> 4 == 15 else head >> 4, (head & 15,), depth)
        if kind == _MAP:
            count = self._varint()
            kinds = self._byte() if count else 0
            return self._entries(count, (kinds >> 4, kinds & 15), depth)
        if kind == _STRUCT:
            return self._structure(depth)
        raise PagesDamaged("a value of a kind that there is not")

    def _entries(self, count: int, kinds: tuple[int, ...], depth: int) -> list[Thrift]:
        """Entries of a list, or keys and values of a map; a truth value takes a byte there."""
        kinds = tuple(_BYTE if kind in (_TRUE, _FALSE) else kind for kind in kinds)
        return [self._value(kind, depth + 1) for _ in range(count) for kind in kinds]

    def _byte(self) -> int:
        self.at += 1
        return self.content[self.at - 1]

    def _bytes(self, count: int) -> bytes:
        self.at += count
        if self.at > len(self.content):
            raise IndexError(self.at)
        return self.content[self.at - count : self.at]

    def _integer(self) -> int:
        number = self._varint()
        return (number >> 1) ^ -(number & 1)

    def _varint(self) -> int:
        number = shift = 0
        while True:
            byte = self._byte()
            number |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return number
            if shift > 63:
                raise PagesDamaged("a number that is too long")
