import httpx

from connectors import registry


async def test_every_channel_named_has_a_connector_with_the_same_capabilities() -> None:
    async with httpx.AsyncClient(verify=False) as client:
        built = registry.build(client)
    assert built
    assert {key: connector.capabilities for key, connector in built.items()} == dict(registry.CHANNELS)
