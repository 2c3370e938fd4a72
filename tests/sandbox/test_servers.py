"""The parts that all other tests stand on come up together and answer."""

import aiosmtplib
import asyncpg
import httpx
import pytest
from redis.asyncio import Redis

from tests.sandbox_servers import running_servers


async def test_everything_answers_at_once(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> None:
    async with running_servers(tmp_path_factory, f"{worker_id}_proof") as servers:
        connection = await asyncpg.connect(servers.database_url)
        assert await connection.fetchval("SELECT current_database()") == f"test_{worker_id}_proof"
        await connection.close()
        async with Redis.from_url(servers.redis_url) as redis:
            assert await redis.dbsize() == 0
        async with aiosmtplib.SMTP(hostname=servers.mailbox.smtp_host, port=servers.mailbox.smtp_port) as smtp:
            assert (await smtp.noop()).code == 250
        async with httpx.AsyncClient(trust_env=False) as client:
            assert (await client.get(f"{servers.mailbox.url}/api/messages")).json() == []
        assert await servers.stripe.requests() == []
