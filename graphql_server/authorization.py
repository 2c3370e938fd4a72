"""Who may run a document: a validation rule that refuses every field its request's scope may not read."""

from graphql import ASTValidationRule, FieldNode, GraphQLError, ValidationContext, ValidationRule, is_introspection_type

from graphql_server.access import may_read
from graphql_server.errors import ErrorCode


def authorization_rule(scope: str | None) -> type[ASTValidationRule]:
    """The rule for requests of this scope; None is a request without a token.

    It judges the whole document, the operations that are not run and the fields that @skip leaves out included: whether
    a document is allowed never depends on its variables. A field of a fragment is judged on the fragment's type.
    """

    class Authorization(ValidationRule):
        def __init__(self, context: ValidationContext) -> None:
            super().__init__(context)
            self.refused: dict[str, list[FieldNode]] = {}

        def enter_field(self, node: FieldNode, *_: object) -> None:
            parent, field = self.context.get_parent_type(), self.context.get_field_def()
            if parent is None or field is None or node.name.value.startswith("__") or is_introspection_type(parent):
                return  # Unknown fields are another rule's, and whether there is introspection is a third one's.
            if not may_read(field, scope):
                self.refused.setdefault(f"{parent.name}.{node.name.value}", []).append(node)

        def leave_document(self, *_: object) -> None:
            for coordinate, nodes in self.refused.items():
                self.report_error(_refusal(coordinate, nodes, scope))

    return Authorization


def _refusal(coordinate: str, nodes: list[FieldNode], scope: str | None) -> GraphQLError:
    if scope is None:
        message, code = f"{coordinate} needs a bearer token in the Authorization header.", ErrorCode.UNAUTHENTICATED
    else:
        message, code = f"{coordinate} may not be read with scope {scope}.", ErrorCode.FORBIDDEN
    return GraphQLError(message, nodes, extensions={"code": code.value})
