"""Argon2id hashes, with the memory and time of the product."""

from server.accounts.passwords import DUMMY_HASH, Passwords

PASSWORD = "correct horse battery"


async def test_nobodys_hash_takes_as_long_as_anybodys() -> None:
    passwords = Passwords()
    made = await passwords.hash(PASSWORD)
    assert made.split("$")[:4] == DUMMY_HASH.split("$")[:4]  # argon2id, version, memory, time, threads
    assert await passwords.verify(PASSWORD, made)
    assert not await passwords.verify(PASSWORD, None)
    assert not await passwords.verify(PASSWORD, "no hash at all")
    passwords.close()
