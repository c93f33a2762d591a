"""How often each operation may be called by one seller: Amazon's published rates, in calls a second, and bursts.

The usage plans in the descriptions of https://github.com/amzn/selling-partner-api-models; an answer's
x-amzn-RateLimit-Limit says the rate in force.
"""

from __future__ import annotations

from connectors.limits import Rate

RATES = {
    "putListingsItem": Rate(10, 5),
    "patchListingsItem": Rate(5, 5),
    "deleteListingsItem": Rate(5, 5),
    "getListingsItem": Rate(10, 5),
    "searchListingsItems": Rate(5, 5),
    "getListingsRestrictions": Rate(10, 5),
    "searchDefinitionsProductTypes": Rate(10, 5),
    "getDefinitionsProductType": Rate(10, 5),
    "searchCatalogItems": Rate(2, 2),
    "createFeedDocument": Rate(15, 0.5),
    "createFeed": Rate(15, 0.0083),
    "getFeed": Rate(15, 2),
    "cancelFeed": Rate(15, 2),
    "getFeedDocument": Rate(10, 0.0222),
    "createReport": Rate(15, 0.0167),
    "getReport": Rate(15, 2),
    "getReportDocument": Rate(15, 0.0167),
    "getMarketplaceParticipations": Rate(15, 0.016),
    "searchOrders": Rate(20, 0.0056),
    "getOrder": Rate(30, 0.5),
    "confirmShipment": Rate(10, 2),
}
