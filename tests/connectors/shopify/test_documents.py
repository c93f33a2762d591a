import importlib.util
from types import ModuleType

import pytest
from graphql import GraphQLSchema, NoDeprecatedCustomRule, parse, specified_rules, validate

from connectors.shopify import costs, documents
from connectors.shopify.documents import Part
from tests.material import SHOPIFY_SPECS

OPERATIONS = sorted(documents.definitions()[0])


@pytest.fixture(scope="session")
def cost_model() -> ModuleType:
    path = SHOPIFY_SPECS / "cost_model.py"
    if not path.exists():
        pytest.skip("the cost model is not here")
    spec = importlib.util.spec_from_file_location("cost_model", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def part(operation: str) -> Part:
    """The operation with the only variables its cost depends on."""
    return Part(
        operation, {"input": {}, "variants": [], **({"variantsFirst": 250} if operation == "ProductSet" else {})}
    )


def test_there_are_operations_to_look_at() -> None:
    assert len(OPERATIONS) > 15


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("count", [1, 3])
def test_every_operation_is_good_graphql_to_shopify(operation: str, count: int, shopify_schema: GraphQLSchema) -> None:
    combined = documents.combine([part(operation)] * count)
    rules = [*specified_rules, NoDeprecatedCustomRule]
    assert validate(shopify_schema, parse(combined.query), rules) == []


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_price_we_expect_is_the_price_shopify_asks(
    operation: str, shopify_schema: GraphQLSchema, cost_model: ModuleType
) -> None:
    combined = documents.combine([part(operation)] * 2)
    asked = cost_model.requested_cost(shopify_schema, parse(combined.query), combined.variables)
    assert 2 * costs.estimate(part(operation)) == asked


def test_different_operations_share_one_document(shopify_schema: GraphQLSchema) -> None:
    combined = documents.combine(
        [Part("ProductByHandle", {"handle": "a"}), Part("VariantsByCode", {"search": "sku:'b'"})]
    )
    assert validate(shopify_schema, parse(combined.query)) == []
    assert combined.variables == {"handle0": "a", "search1": "sku:'b'"}
    assert combined.operation_name == "ProductByHandle"
    assert not combined.writes


def test_a_read_and_a_write_cannot_share_a_document() -> None:
    with pytest.raises(ValueError, match="share"):
        documents.combine([Part("Shop"), Part("Uninstall")])


@pytest.mark.parametrize("name", ["item", "itemx", "item-1", "item01", "shop", "items1", None, 3])
def test_only_our_own_names_number_a_part(name: object) -> None:
    assert documents.result_number(name) is None
    assert documents.result_number(documents.result_name(12)) == 12


def test_parts_are_sent_together_as_far_as_one_request_may_cost() -> None:
    parts = [Part("ProductState", {"id": str(number)}) for number in range(40)]
    runs = costs.affordable(parts, most=40)
    assert [part for run in runs for part in run] == parts
    assert len(runs) == 3
    assert all(sum(map(costs.estimate, run)) <= costs.LARGEST_REQUEST for run in runs)
    assert {len(run) for run in costs.affordable(parts, most=10)} == {10}


def test_a_part_too_dear_for_one_request_is_still_sent_alone() -> None:
    dear = Part("ProductSet", {"variantsFirst": 250, "input": {"files": [{}] * 600}})
    small = Part("Uninstall")
    assert costs.affordable([dear, small, dear], most=10) == [[dear], [small], [dear]]
    assert costs.affordable([], most=10) == []


def test_what_a_product_brings_with_it_is_paid_for() -> None:
    bare = Part("ProductSet", {"variantsFirst": 1, "input": {}})
    full = Part(
        "ProductSet",
        {
            "variantsFirst": 1,
            "input": {"variants": [{"file": {}}, {}], "files": [{}, {}, {}], "metafields": [{}]},
        },
    )
    assert costs.estimate(full) - costs.estimate(bare) == pytest.approx(2 * 0.2 + 0.6 + 3 * 1.9 + 0.4)
    with_images = Part("VariantsUpdate", {"variants": [{"mediaId": "m"}] * 250})
    assert costs.estimate(with_images) == pytest.approx(10 + 250 * 0.2 + 250 * 0.6)
