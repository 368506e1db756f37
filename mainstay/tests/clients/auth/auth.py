"""Accounts with PyPI's supabase as it is published: every method of `auth`, `auth.mfa` and `auth.admin` that the
server answers. Run by mainstay/tests/e2e/accounts.rs."""

import base64
import hashlib
import hmac
import os
import re
import time

import httpx
from postgrest.exceptions import APIError
from supabase import ClientOptions, create_client
from supabase_auth.errors import AuthApiError, AuthWeakPasswordError

URL, ANON, SERVICE = (os.environ[name] for name in ("AUTH_URL", "AUTH_ANON", "AUTH_SERVICE"))
PASSWORD = "nine wild geese over water"
people = 0
seen = set()


def fresh(key=ANON):
    options = ClientOptions(auto_refresh_token=False, persist_session=False)
    return create_client(URL, key, options)


def someone():
    global people
    people += 1
    return f"py{people}.{os.getpid()}@example.com"


def letter_to(address):
    headers = {"apikey": SERVICE, "authorization": f"Bearer {SERVICE}"}
    for _ in range(400):
        letters = httpx.get(f"{URL}/auth/v1/admin/letters", headers=headers).json()["letters"]
        for letter in letters:
            if letter["to"] == address and letter["id"] not in seen:
                seen.add(letter["id"])
                return letter
        time.sleep(0.025)
    raise AssertionError(f"no letter to {address}")


def code_of(letter):
    return re.search(r"\b\d{6}\b", letter["text"]).group()


def hash_of(letter):
    return httpx.URL(letter["link"]).params["token"]


def refused(call, code):
    try:
        call()
    except AuthApiError as error:
        assert error.code == code, (error.code, error.message)
        return error
    raise AssertionError(f"not refused with {code}")


admin = fresh(SERVICE).auth.admin


def member():
    client, email = fresh(), someone()
    made = admin.create_user({"email": email, "password": PASSWORD, "email_confirm": True})
    client.auth.sign_in_with_password({"email": email, "password": PASSWORD})
    return client, email, made.user.id


def totp(secret, steps=0):
    """The code of an app (RFC 6238), some steps from now."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    counter = (int(time.time()) // 30 + steps).to_bytes(8, "big")
    digest = hmac.new(key, counter, hashlib.sha1).digest()
    start = digest[19] & 15
    return f"{(int.from_bytes(digest[start:start + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"


def sign_up_and_confirm():
    client, email = fresh(), someone()
    made = client.auth.sign_up({"email": email, "password": PASSWORD, "options": {"data": {"name": "Ann"}}})
    assert made.session is None and made.user.user_metadata["name"] == "Ann"
    wrong = {"email": email, "password": PASSWORD}
    refused(lambda: client.auth.sign_in_with_password(wrong), "email_not_confirmed")
    token = code_of(letter_to(email))
    inside = client.auth.verify_otp({"email": email, "token": token, "type": "email"})
    assert inside.session.access_token and inside.user.email_confirmed_at
    again = fresh().auth.sign_in_with_password({"email": email, "password": PASSWORD})
    assert again.user.email == email
    refused(lambda: fresh().auth.sign_in_with_password({"email": email, "password": "x"}), "invalid_credentials")


def weak_passwords():
    try:
        fresh().auth.sign_up({"email": someone(), "password": "password123"})
    except AuthWeakPasswordError as error:
        assert "pwned" in error.reasons, error.reasons
    else:
        raise AssertionError("taken")


def anonymous():
    client = fresh()
    made = client.auth.sign_in_anonymously({"options": {"data": {"colour": "red"}}})
    assert made.user.is_anonymous and made.user.user_metadata["colour"] == "red"
    client.table("notes").insert({"body": "mine"}).execute()
    assert [row["body"] for row in client.table("notes").select("body").execute().data] == ["mine"]
    try:
        fresh().table("notes").select("body").execute()
    except APIError as error:
        assert error.code == "42501"
    else:
        raise AssertionError("a visitor reads notes")


def codes_and_recovery():
    client, email = fresh(), someone()
    client.auth.sign_in_with_otp({"email": email})
    client.auth.verify_otp({"email": email, "token": code_of(letter_to(email)), "type": "email"})
    client.auth.reset_password_for_email(email)
    client.auth.verify_otp({"token_hash": hash_of(letter_to(email)), "type": "recovery"})
    client.auth.update_user({"password": PASSWORD})
    fresh().auth.sign_in_with_password({"email": email, "password": PASSWORD})
    client.auth.reauthenticate()
    assert code_of(letter_to(email))
    waiting = someone()
    fresh().auth.sign_up({"email": waiting, "password": PASSWORD})
    letter_to(waiting)
    fresh().auth.resend({"type": "signup", "email": waiting})
    fresh().auth.verify_otp({"token_hash": hash_of(letter_to(waiting)), "type": "email"})


def sessions():
    client, email, id = member()
    before = client.auth.get_session()
    after = client.auth.refresh_session()
    assert before.refresh_token != after.session.refresh_token
    assert client.auth.get_user().user.id == id
    claims = client.auth.get_claims()
    assert claims["claims"]["sub"] == id, claims
    other = fresh()
    other.auth.set_session(after.session.access_token, after.session.refresh_token)
    assert other.auth.get_user().user.email == email
    changed = client.auth.update_user({"data": {"city": "Bergen"}})
    assert changed.user.user_metadata["city"] == "Bergen"
    token = after.session.access_token
    client.auth.sign_out({"scope": "global"})
    headers = {"apikey": ANON, "authorization": f"Bearer {token}"}
    assert httpx.get(f"{URL}/rest/v1/notes", headers=headers).status_code == 401


def administration():
    email = someone()
    made = admin.create_user({"email": email, "password": PASSWORD, "email_confirm": True})
    id = made.user.id
    assert admin.get_user_by_id(id).user.email == email
    changed = admin.update_user_by_id(id, {"user_metadata": {"name": "Eve"}, "role": "staff"})
    assert (changed.user.user_metadata["name"], changed.user.role) == ("Eve", "staff")
    assert len(admin.list_users(page=1, per_page=2)) == 2
    invited = admin.invite_user_by_email(someone())
    assert invited.user.invited_at
    link = admin.generate_link({"type": "magiclink", "email": email})
    fresh().auth.verify_otp({"type": "magiclink", "token_hash": link.properties.hashed_token})
    admin.delete_user(id)
    refused(lambda: admin.get_user_by_id(id), "user_not_found")
    refused(lambda: fresh().auth.admin.list_users(), "not_admin")


def opens_the_vault(client):
    try:
        client.table("vault").select("body").execute()
    except APIError as error:
        assert error.code == "42501", error
        return False
    return True


def level(client):
    found = client.auth.mfa.get_authenticator_assurance_level()
    return found.current_level, found.next_level


def second_factors():
    client, email, id = member()
    mfa = client.auth.mfa
    factor = mfa.enroll({"factor_type": "totp", "friendly_name": "phone", "issuer": "Members"})
    assert factor.totp.qr_code.startswith("data:image/svg+xml"), factor.totp.qr_code[:40]
    assert level(client) == ("aal1", "aal1") and not opens_the_vault(client)
    challenge = mfa.challenge({"factor_id": factor.id})
    wrong = next(code for code in ("111111", "222222", "333333", "444444") if code not in [totp(factor.totp.secret, step) for step in (-1, 0, 1, 2)])
    asked = {"factor_id": factor.id, "challenge_id": challenge.id}
    refused(lambda: mfa.verify({**asked, "code": wrong}), "mfa_verification_failed")
    code = totp(factor.totp.secret)
    mfa.verify({**asked, "code": code})
    assert level(client) == ("aal2", "aal2") and opens_the_vault(client)
    listed = mfa.list_factors()
    assert [known.id for known in listed.totp] == [factor.id], listed
    later = fresh()
    later.auth.sign_in_with_password({"email": email, "password": PASSWORD})
    assert level(later) == ("aal1", "aal2") and not opens_the_vault(later)
    refused(lambda: later.auth.update_user({"password": "ten wild geese over water"}), "insufficient_aal")
    again = {"factor_id": factor.id, "code": code}
    refused(lambda: later.auth.mfa.challenge_and_verify(again), "mfa_verification_failed")
    refused(lambda: later.auth.mfa.unenroll({"factor_id": factor.id}), "insufficient_aal")
    later.auth.mfa.challenge_and_verify({**again, "code": totp(factor.totp.secret, 1)})
    assert level(later) == ("aal2", "aal2") and opens_the_vault(later)
    assert [known.id for known in admin.mfa.list_factors({"user_id": id})] == [factor.id]
    assert later.auth.mfa.unenroll({"factor_id": factor.id}).id == factor.id
    later.auth.refresh_session()
    assert level(later) == ("aal1", "aal1") and not opens_the_vault(later)


CLAIMS = [
    sign_up_and_confirm,
    weak_passwords,
    anonymous,
    codes_and_recovery,
    sessions,
    second_factors,
    administration,
]

for claim in CLAIMS:
    claim()
    print(f"ok {claim.__name__}")
