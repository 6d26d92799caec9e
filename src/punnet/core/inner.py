"""How numba compiles a function that is only ever called by other compiled functions.

By default every function becomes a library of its own: wrapped twice, for callers in Python and in C,
optimised with all that it calls, and made machine code. What calls it does all that again with its code, so
that a function at the bottom of six calls is optimised seven times. One that is only called by compiled
functions needs none of it: it stays as it was written down, and the function that Python calls optimises
everything at once. That halves the time until a fresh installation has compiled everything.
"""

from llvmlite import binding
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler


class _Part(JITCodeLibrary):
    """A function that is linked to its callers, and never called by its address."""

    def _optimize_functions(self, ll_module: binding.ModuleRef) -> None:
        ll_module.data_layout = self._codegen._data_layout  # noqa: SLF001

    def _optimize_final_module(self) -> None:
        """Leave that to who calls it."""

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()
        self._finalized = True

    def get_pointer_to_function(self, name: str) -> int:  # noqa: ARG002
        """Return 0: it has no machine code."""
        self._ensure_finalized()
        return 0

    @property
    def codegen(self) -> object:
        """What numba tells of the Python function that it was: nobody, since it never goes back to Python."""
        return _Nobody()


class _Nobody:
    def set_env(self, name: str, environment: object) -> None:
        """Do nothing."""


class Inner(Compiler):
    """Compiles a function for other compiled functions."""

    def define_pipelines(self) -> list[object]:
        """Return numba's own steps, with a part for a library."""
        state = self.state
        state.library = _Part(state.targetctx.codegen(), state.func_id.func_qualname)
        return super().define_pipelines()


OPTIONS = {"pipeline_class": Inner, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
"""What numba's `njit` is told of such a function."""
