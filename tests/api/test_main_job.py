"""The main job from end to end: split, send, pay, and see who paid what."""

from tests.world import World


async def test_an_agent_pays_a_share_and_the_client_the_rest(world: World) -> None:
    """An agent pays a share and the client the rest, and all of it shows on the inspection (S1, S21, S27)."""
    job = await world.inspection()
    invoice = await job.invoice("125.00", send=True)
    assert (invoice["status"], invoice["total"]["formatted"]) == ("OPEN", "$125.00")
    assert await world.deliver_mails() == 1

    (mail,) = await world.mails()
    assert mail["recipients"] == [job.email()]
    link = next(word for word in mail["text"].split() if word.startswith(world.settings.payment_portal_url))
    payer = world.bearer(link)
    seen = await payer.read("{ viewer { ... on PayerViewer { invoice { id number total { formatted } } } } }")
    assert seen["viewer"]["invoice"]["id"] == invoice["id"]

    started = await payer.mutate("startPayment", "payment { id status } checkoutUrl", invoiceId=invoice["id"])
    url = started.done("checkoutUrl")
    assert await world.pay(url, card="4000000000000002") == 402
    await world.poll()
    assert await world.pay(url) == 303
    await world.poll()

    client = await job.client_portal()
    seen = await client.read(
        "{ viewer { ... on ClientViewer { inspection { remaining { formatted } "
        "payments { payerName status amount { formatted } } primaryInvoice { id } } } } }"
    )
    inspection = seen["viewer"]["inspection"]
    assert inspection["remaining"]["formatted"] == "$325.00"
    assert inspection["payments"] == [
        {"payerName": "Adam Agent", "status": "SUCCEEDED", "amount": {"formatted": "$125.00"}}
    ]

    await job.paid(client, job.primary_id)
    done = await job.read("paymentStatus remaining { formatted } settled { formatted }")
    assert done == {
        "paymentStatus": "PAID",
        "remaining": {"formatted": "$0.00"},
        "settled": {"formatted": "$450.00"},
    }
