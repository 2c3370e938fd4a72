"""The executor that runs operations: Strawberry's, which here leaves the event loop to others during long lists, and
takes what was read by SQL as it is.
"""

import asyncio
from collections.abc import Awaitable, Iterable
from time import perf_counter
from types import CoroutineType
from typing import Any, Final, TypeGuard

from graphql import is_non_null_type
from graphql.pyutils import gather_with_cancel
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from graphql_server.reader import Completed, located

# How long an operation completes values in one go; a list that is then unfinished goes on in the loop's next turn.
SLICE_SECONDS_MAX: Final = 0.025


def is_awaitable(value: object) -> TypeGuard[Awaitable[Any]]:
    """Coroutines and futures only: Tortoise's models, relations and query sets have `__await__` and are not meant."""
    return isinstance(value, CoroutineType | asyncio.Future)


class CooperativeExecutor(StrawberryGraphQLCoreExecutionContext):
    """graphql-core completes plain values in one go, so that one wide page could hold the loop for a second.

    Any, here and below: what graphql-core hands from one of its methods to the next, and whatever a list may hold.
    """

    slice_started: float | None = None

    def complete_value(
        self, return_type: Any, field_details_list: Any, info: Any, path: Any, result: Any, position_context: Any
    ) -> Any:
        if not isinstance(result, Completed):
            return super().complete_value(return_type, field_details_list, info, path, result, position_context)
        errors = [located(error, path.as_list()) for error in result.errors]
        if result.value is None and is_non_null_type(return_type):
            raise errors[0]  # Nothing else puts null there: it rises, with whatever made it.
        self.collected_errors.errors.extend(errors)
        return result.value

    def complete_iterable_value(
        self,
        item_type: Any,
        field_details_list: Any,
        info: Any,
        path: Any,
        items: Iterable[Any],
        position_context: Any,
    ) -> Any:
        completion = _ListCompletion(self, list(items), (item_type, field_details_list, info), path, position_context)
        return completion.start()

    def slice_is_spent(self) -> bool:
        """Whether this operation has had its share of the loop's current turn."""
        now = perf_counter()
        if self.slice_started is None:
            self.slice_started = now
            asyncio.get_running_loop().call_soon(self._end_slice)
        return now - self.slice_started > SLICE_SECONDS_MAX

    def _end_slice(self) -> None:
        self.slice_started = None


class _ListCompletion:
    """One list on its way to the response."""

    def __init__(
        self, executor: CooperativeExecutor, items: list[Any], of: tuple[Any, Any, Any], path: Any, position: Any
    ) -> None:
        self.executor = executor
        self.items = items
        self.of = of
        self.path = path
        self.position = position
        self.results: list[Any] = []
        self.awaited: list[int] = []

    def start(self) -> list[Any] | Awaitable[list[Any]]:
        """Complete what fits into this turn; the list itself when that was all and nothing has to be waited for."""
        try:
            while len(self.results) < len(self.items):
                if self.executor.slice_is_spent():
                    return self._finish()
                self._complete_next()
        except Exception:
            self._abandon()
            raise
        return self._gather() if self.awaited else self.results

    def _complete_next(self) -> None:
        index = len(self.results)
        item, path = self.items[index], self.path.add_key(index, None)
        if is_awaitable(item):
            completed = self.executor.complete_awaitable_list_item_value(item, *self.of, path, self.position)
            self.results.append(completed)
            self.awaited.append(index)
        elif self.executor.complete_list_item_value(item, self.results, *self.of, path, self.position):
            self.awaited.append(index)

    async def _finish(self) -> list[Any]:
        try:
            while len(self.results) < len(self.items):
                if self.executor.slice_is_spent():
                    await asyncio.sleep(0)
                else:
                    self._complete_next()
        except BaseException:
            self._abandon()
            raise
        return await self._gather() if self.awaited else self.results

    async def _gather(self) -> list[Any]:
        awaited = await gather_with_cancel(*(self.results[index] for index in self.awaited))
        for index, result in zip(self.awaited, awaited, strict=True):
            self.results[index] = result
        return self.results

    def _abandon(self) -> None:
        """A failed list still settles what it began, or it would be left hanging."""
        begun = [self.results[index] for index in self.awaited]
        begun += [item for item in self.items[len(self.results) :] if is_awaitable(item)]
        if begun:
            self.executor.settle_in_background(begun)
