"""Tuples of arrays as compiled functions take them: an address, and what lies there.

numba takes a tuple of arrays apart at every call, which makes a function that hands thirty arrays on to
another one slow to compile and slow to call. A struct is such a tuple that has been packed: where its arrays
are lies together, two cells of eight bytes a field, and what is handed on is where that is. What reads a
field is emitted here, with numba's own means of teaching it a type.
"""

from collections.abc import Callable
from typing import ParamSpec, TypeVar, get_args, get_type_hints

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.base import BaseContext
from numba.core.datamodel import models, register_default
from numba.core.typing.templates import AttributeTemplate, Signature
from numba.extending import infer_getattr, lower_getattr_generic
from numba.np import arrayobj

from punnet.types import Floats, Indices, Mask, Positions

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

_ARRAYS = (
    (Floats, types.float64),
    (Indices, types.int64),
    (Positions, types.int32),
    (Mask, types.boolean),
)
_SCALARS = {int: types.int64, float: types.float64, bool: types.boolean}
_KNOWN: dict[type, dict[str, types.Type]] = {}

STRUCTS: set[type] = set()
"""The tuples that are passed as structs; others are taken apart."""


class StructType(types.Type):
    """A struct as numba sees it."""

    def __init__(self, struct: type) -> None:
        self.struct = struct
        super().__init__(f"struct {struct.__module__}.{struct.__qualname__}")


def kinds(struct: type) -> dict[str, types.Type]:
    """Return the type of each field of a tuple."""
    if struct not in _KNOWN:
        hints: dict[str, type] = get_type_hints(struct)
        _KNOWN[struct] = {name: kind_of(hint) for name, hint in hints.items()}
    return _KNOWN[struct]


def kind_of(hint: type) -> types.Type:
    """Return the type that numba is told for an annotation."""
    if hint in _SCALARS:
        return _SCALARS[hint]
    for array, item in _ARRAYS:
        if hint == array:
            return types.Array(item, 1, "C")
    if hint in STRUCTS:
        return StructType(hint)
    if hasattr(hint, "_fields"):
        return types.BaseTuple.from_types(list(kinds(hint).values()), hint)
    return types.UniTuple(types.int64, len(get_args(hint)))


def parameters(function: Callable[Parameters, Result]) -> tuple[types.Type, ...]:
    """Return the types of a function's parameters."""
    hints: dict[str, type] = get_type_hints(function)
    return tuple(kind_of(hint) for name, hint in hints.items() if name != "return")


@register_default(StructType)
class _Model(models.PrimitiveModel):
    def __init__(self, manager: object, kind: types.Type) -> None:
        super().__init__(manager, kind, ir.IntType(64))


@infer_getattr
class _Fields(AttributeTemplate):
    key = StructType

    def generic_resolve(self, kind: StructType, name: str) -> types.Type | None:
        return kinds(kind.struct).get(name)


@lower_getattr_generic(StructType)
def _field(context: object, builder: ir.IRBuilder, kind: StructType, address: ir.Value, name: str) -> object:
    """Emit what reads a field. Nobody writes to cells while compiled code runs, so reads may be merged."""
    fields = kinds(kind.struct)
    field, at = fields[name], 2 * list(fields).index(name)
    cells = builder.inttoptr(address, ir.IntType(64).as_pointer())

    def cell(number: int) -> ir.Value:
        read = builder.load(builder.gep(cells, [ir.Constant(ir.IntType(64), number)]))
        read.set_metadata("invariant.load", builder.module.add_metadata([]))
        return read

    if isinstance(field, types.Array):
        return _array(context, builder, field, cell(at), cell(at + 1))
    if field == types.float64:
        return builder.bitcast(cell(at), ir.DoubleType())
    if field == types.boolean:
        return builder.icmp_unsigned("!=", cell(at), ir.Constant(ir.IntType(64), 0))
    return cell(at)


def emit_prefetch(
    context: BaseContext, builder: ir.IRBuilder, signature: Signature, values: list[ir.Value]
) -> object:
    """Emit what asks memory for an element of an array, and does not wait for it."""
    array = arrayobj.make_array(signature.args[0])(context, builder, values[0])
    place = builder.bitcast(builder.gep(array.data, [values[1]]), ir.IntType(8).as_pointer())
    whole = ir.IntType(32)
    kind = ir.FunctionType(ir.VoidType(), [place.type, whole, whole, whole])
    ask = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
    to_read, to_stay, as_data = 0, 3, 1
    builder.call(ask, [place, *(ir.Constant(whole, how) for how in (to_read, to_stay, as_data))])
    return context.get_dummy_value()


def _array(
    context: object, builder: ir.IRBuilder, kind: types.Array, address: ir.Value, length: ir.Value
) -> object:
    """Emit an array that nobody owns, at an address."""
    array = arrayobj.make_array(kind)(context, builder)
    width = ir.Constant(ir.IntType(64), kind.dtype.bitwidth // 8 if kind.dtype != types.boolean else 1)
    arrayobj.populate_array(
        array,
        data=builder.inttoptr(address, array.data.type),
        shape=cgutils.pack_array(builder, [length]),
        strides=cgutils.pack_array(builder, [width]),
        itemsize=width,
        meminfo=None,
    )
    return array._getvalue()  # noqa: SLF001
