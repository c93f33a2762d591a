"""The control page and its levers: what the merchant does by hand, and where tests read the truth."""

from __future__ import annotations

from bs4 import BeautifulSoup

from tests.connectors.shopify.practice.practice_shop import DOMAIN, Shop, a_product

SEED = {
    "title": "Tea pot",
    "options": ["Colour"],
    "images": ["https://x.example/pot.jpg"],
    "variants": [
        {"sku": "POT-B", "barcode": "4006381333931", "price": "30", "quantity": 4, "options": ["Blue"]},
        {"sku": "POT-R", "price": "31.50", "quantity": 2, "options": ["Red"]},
    ],
}


async def test_a_seeded_shop_sells_what_its_merchant_typed(shop: Shop) -> None:
    await shop.client.post(f"/practice/api/shops/{DOMAIN}/products", json=[SEED, {"title": "Bare"}])
    pot, bare = await shop.read("products")
    assert pot["handle"] == "tea-pot"
    assert pot["publishedOn"] == ["Online Store", "Point of Sale", "Shop"]
    assert [(v["sku"], v["price"], sum(v["available"].values())) for v in pot["variants"]] == [
        ("POT-B", "30.00", 4),
        ("POT-R", "31.50", 2),
    ]
    assert bare["onlineStoreUrl"] == f"https://{DOMAIN}/products/bare"
    assert await shop.read("ledger") == []


async def test_the_merchant_changes_and_deletes_by_hand(shop: Shop) -> None:
    await shop.client.post(f"/practice/api/shops/{DOMAIN}/products", json=[SEED])
    await shop.lever("change", sku="POT-R", price="28", stock=9)
    await shop.lever("change", handle="tea-pot", title="Old tea pot")
    pot = (await shop.read("products"))[0]
    assert pot["title"] == "Old tea pot"
    assert [(v["price"], sum(v["available"].values())) for v in pot["variants"]] == [("30.00", 4), ("28.00", 9)]
    await shop.lever("delete", product=pot["number"])
    assert await shop.read("products") == []


async def test_every_request_is_written_down(shop: Shop) -> None:
    await shop.set(**a_product())
    await shop.set(**a_product())
    await shop.post("{ shop { name } }", token="wrong")
    told = [(row["operations"], row["status"], row["outcome"]) for row in await shop.read("requests")]
    assert told[:2] == [(["productSet"], 200, "ok"), (["productSet"], 200, "user errors")]
    assert told[2][1] == 401


async def test_the_pages_show_the_shop_and_their_buttons_work(shop: Shop) -> None:
    await shop.client.post(f"/practice/api/shops/{DOMAIN}/products", json=[SEED])
    index = await shop.client.get("/practice")
    assert "default-src 'none'" in index.headers["content-security-policy"]
    assert BeautifulSoup(index.text, "html.parser").find("a", href=f"/practice/shops/{DOMAIN}")
    done = await shop.client.post(f"/practice/shops/{DOMAIN}", data={"action": "maintenance"})
    assert (done.status_code, done.headers["location"]) == (303, f"/practice/shops/{DOMAIN}")
    page = BeautifulSoup((await shop.client.get(f"/practice/shops/{DOMAIN}")).text, "html.parser")
    assert "maintenance" in page.get_text()
    assert page.find(string="POT-B")
    assert not page.find("script")
    changed = {"action": "change", "sku": "POT-B", "stock": "7", "price": ""}
    await shop.client.post(f"/practice/shops/{DOMAIN}", data=changed)
    pot = (await shop.read("products"))[0]
    assert sum(pot["variants"][0]["available"].values()) == 7
    assert pot["variants"][0]["price"] == "30.00"


async def test_a_shop_is_made_on_the_page(shop: Shop) -> None:
    made = await shop.client.post("/practice/shops", data={"name": "Third", "currency": "EUR"})
    assert made.headers["location"] == "/practice/shops/third.myshopify.com"
    assert (await shop.client.post("/practice/shops", data={"name": "no good"})).status_code == 400
    foreign = {"Origin": "http://evil.example"}
    assert (await shop.client.post("/practice/shops", data={"name": "x"}, headers=foreign)).status_code == 403


async def test_a_staged_upload_can_be_sent_and_used(shop: Shop) -> None:
    ask = """mutation U($i: [StagedUploadInput!]!) { stagedUploadsCreate(input: $i) {
      stagedTargets { url resourceUrl parameters { name value } } userErrors { field message } } }"""
    one = {"resource": "IMAGE", "filename": "pot.jpg", "mimeType": "image/jpeg"}
    target = (await shop.data(ask, i=[one]))["stagedUploadsCreate"]["stagedTargets"][0]
    assert (await shop.client.put(target["url"], content=b"\xff\xd8")).status_code == 200
    made = await shop.set(**a_product(files=[{"originalSource": target["resourceUrl"]}]))
    assert made["userErrors"] == []
    wrong = (await shop.data(ask, i=[one | {"mimeType": "application/x-msdownload"}]))["stagedUploadsCreate"]
    message = "(application/x-msdownload) is not a recognized format"
    assert wrong["userErrors"] == [{"field": ["input", "0", "mimeType"], "message": message}]


async def test_the_plan_decides_how_fast_points_come_back(shop: Shop) -> None:
    assert (await shop.read("bucket"))["plan"] == "standard"
    await shop.lever("plan", plan="plus")
    answer = await shop.ask("{ shop { name } }")
    assert answer["extensions"]["cost"]["throttleStatus"]["restoreRate"] == 1000.0
    told = await shop.read("bucket")
    assert (told["plan"], told["spent"]) == ("plus", 1.0)
    page = BeautifulSoup((await shop.client.get(f"/practice/shops/{DOMAIN}")).text, "html.parser")
    chosen = page.select_one("select[name=plan] option[selected]")
    assert chosen is not None
    assert chosen.get_text() == "plus"
