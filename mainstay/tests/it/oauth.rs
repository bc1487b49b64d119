//! A client that others wrote, `authlib`, against the real binary: it signs in, reads its token by the published keys, and refreshes.

use crate::process::{Server, folder};
use crate::trouble::{OWNER, PASSWORD, administrator};

/// A refresh has an address of its own here, and is JSON: the client sends it by hand and reads the answer itself.
const CLIENT: &str = "
import sys, warnings
warnings.simplefilter('ignore')
import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.jwk import KeySet
base, username, password = sys.argv[1:]
client = OAuth2Session('a-client', token_endpoint_auth_method='none', scope='openid')
def refresh(token):
    body = {'refresh_token': token['refresh_token']}
    return client.parse_response_token(client.post(f'{base}/api/v1/auth/refresh', json=body, withhold_token=True))
first = client.fetch_token(f'{base}/api/v1/auth/token', username=username, password=password)
assert first['token_type'] == 'bearer' and first['expires_in'] == 900, first
me = client.get(f'{base}/api/v1/auth/me').json()
assert me['email'] == username, me
keys = KeySet.import_key_set(requests.get(f'{base}/.well-known/jwks.json').json())
def subject(token):
    read = jwt.decode(token['access_token'], keys, algorithms=['EdDSA'])
    jwt.JWTClaimsRegistry(iss={'essential': True, 'value': 'mainstay'}, aud={'essential': True, 'value': 'mainstay:api'},
                          exp={'essential': True}).validate(read.claims)
    return read.claims['sub']
assert subject(first) == me['id']
second = refresh(first)
assert second['refresh_token'] != first['refresh_token'] and subject(second) == me['id'], second
assert client.token['access_token'] == second['access_token'] and second['access_token'] != first['access_token']
assert client.get(f'{base}/api/v1/auth/me').status_code == 200
ended = client.post(f'{base}/api/v1/auth/logout')
assert ended.status_code == 200, ended.text
assert client.get(f'{base}/api/v1/auth/me').status_code == 401
for call in [
    lambda: refresh(second),
    lambda: client.fetch_token(f'{base}/api/v1/auth/token', username=username, password='not the password'),
]:
    try:
        call()
        sys.exit('it was let in')
    except OAuthError as refusal:
        assert refusal.error == 'invalid_grant', refusal
print('done')
";

fn signs_in(variables: &[(&str, &str)]) {
    let place = folder();
    administrator(place.path(), variables);
    let server = Server::spawn(place.path(), &[], variables);
    server.wait_ready();
    let base = format!("http://127.0.0.1:{}", server.port);
    assert_eq!(peers::run_python(CLIENT, &[&base, OWNER, PASSWORD]), "done");
}

#[test]
fn a_client_that_others_wrote_signs_in_and_refreshes_on_sqlite() {
    signs_in(&[]);
}

#[test]
fn a_client_that_others_wrote_signs_in_and_refreshes_on_postgresql() {
    let database = peers::postgres().fresh_database();
    signs_in(&[("MAINSTAY_DATABASE_URL", &database.url)]);
}
