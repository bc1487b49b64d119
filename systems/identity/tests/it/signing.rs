//! The keys that sign access tokens: published, replaced, given up.

use std::time::Duration;

use testkit::TestApp;

use super::{ME, pair, refresh, start};

const JWKS: &str = "/.well-known/jwks.json";

async fn kids(app: &TestApp) -> Vec<String> {
    let set = app.anonymous().get(JWKS).await.expect(200).json();
    let keys = set["keys"].as_array().expect("keys").iter();
    keys.map(|key| key["kid"].as_str().expect("an id").to_owned()).collect()
}

/// The key that a token says it was signed by.
fn kid(token: &str) -> String {
    let script = "import sys; from joserfc import jws; print(jws.extract_compact(sys.argv[1].encode()).headers()['kid'])";
    peers::run_python(script, &[token])
}

/// As somebody else's program checks a token: by the published keys, and nothing that it knows of us. `joserfc` is what `authlib`
/// reads tokens with. The clock of the tests stands where it likes, so it is told what time it is.
const VERIFY: &str = "
import json, sys
from joserfc import jwt
from joserfc.errors import BadSignatureError, ExpiredTokenError, InvalidClaimError
from joserfc.jwk import KeySet
text, keys, now = sys.argv[1], KeySet.import_key_set(json.loads(sys.argv[2])), int(sys.argv[3])
token = jwt.decode(text, keys, algorithms=['EdDSA'])
assert token.header['typ'] == 'at+jwt', token.header
def checks(now, audience):
    must = {name: {'essential': True} for name in ['exp', 'iat', 'nbf', 'sub', 'jti']}
    named = {'iss': {'essential': True, 'value': 'mainstay'}, 'aud': {'essential': True, 'value': audience}}
    jwt.JWTClaimsRegistry(now=now, **must, **named).validate(token.claims)
def refuses(error, call):
    try:
        call()
    except error:
        return
    sys.exit(f'not refused: {error}')
checks(now, 'mainstay:api')
assert token.claims['exp'] - token.claims['iat'] == 900, token.claims
refuses(ExpiredTokenError, lambda: checks(now + 901, 'mainstay:api'))
refuses(InvalidClaimError, lambda: checks(now, 'somebody:else'))
changed = text[:-10] + ('A' if text[-10] != 'A' else 'B') + text[-9:]
refuses(BadSignatureError, lambda: jwt.decode(changed, keys, algorithms=['EdDSA']))
print(token.claims['sub'])
";

testkit::on_both! {
    async fn another_program_verifies_our_tokens_by_the_published_keys(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let (access, _) = pair(&app, &owner.email).await;
        let set = app.anonymous().get(JWKS).await.expect(200);
        assert_eq!(set.header("content-type"), Some("application/jwk-set+json"));
        assert_eq!(set.header("cache-control"), Some("public, max-age=300"));
        let shown = set.json();
        let names: Vec<_> = shown["keys"][0].as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["kty", "crv", "alg", "use", "kid", "x"], "and nothing that signs");
        let now = app.clock().now().as_seconds().to_string();
        assert_eq!(peers::run_python(VERIFY, &[&access, &shown.to_string(), &now]), owner.id);
    }

    async fn a_new_key_is_published_before_it_signs_and_the_old_one_until_its_tokens_ended(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let (before, token) = pair(&app, &owner.email).await;
        let first = kids(&app).await;
        let made = identity::control::rotate_signing(&app.app, false).await.expect("a key");
        let both = kids(&app).await;
        assert_eq!(both, [made["id"].as_str().expect("an id"), first[0].as_str()]);
        let (still, _) = pair(&app, &owner.email).await;
        assert_eq!(kid(&still), first[0]);
        app.clock().advance(Duration::from_mins(10));
        let answer = refresh(&app, &token).await.expect(200);
        assert_eq!(kid(&answer.text("access_token")), both[0]);
        for access in [&before, &still, &answer.text("access_token")] {
            let _ = app.anonymous().bearer(access).get(ME).await.expect(200);
        }
        app.clock().advance(Duration::from_mins(119));
        assert_eq!(kids(&app).await, both);
        app.clock().advance(Duration::from_mins(2));
        assert_eq!(kids(&app).await, [both[0].as_str()]);
    }

    async fn a12_a_key_that_was_given_up_takes_its_tokens_with_it(engine: Engine) {
        let app = start(engine).await;
        let other = app.beside(None).await;
        let owner = app.owner("Main").await;
        let (access, token) = pair(&app, &owner.email).await;
        for node in [&app, &other] {
            let _ = node.anonymous().bearer(&access).get(ME).await.expect(200);
        }
        let made = identity::control::rotate_signing(&app.app, true).await.expect("a key");
        app.anonymous().bearer(&access).get(ME).await.refused(401, "token_invalid");
        assert_eq!(kids(&app).await, [made["id"].as_str().expect("an id")]);
        // The other node has it from its memory, for half a minute at most.
        app.clock().advance(Duration::from_secs(30));
        other.anonymous().bearer(&access).get(ME).await.refused(401, "token_invalid");
        // However far a clock is set back.
        app.clock().set(app.clock().now().minus(Duration::from_hours(2)));
        let late = app.beside(None).await;
        assert_eq!(kids(&late).await, [made["id"].as_str().expect("an id")]);
        app.clock().advance(Duration::from_hours(2));
        let fresh = refresh(&app, &token).await.expect(200).text("access_token");
        for node in [&app, &other] {
            let _ = node.anonymous().bearer(&fresh).get(ME).await.expect(200);
        }
    }

    async fn the_clock_replaces_the_key_once(engine: Engine) {
        let app = start(engine).await;
        app.work().await;
        let owner = app.owner("Main").await;
        pair(&app, &owner.email).await;
        let first = kids(&app).await;
        let many = async |sql: &'static str| app.db().read((), move |rx, ()| Box::pin(async move {
            Ok(rx.row(sql, &[]).await?.expect("a row").take::<i64>("many")?)
        })).await.expect("a number");
        let until = async |sql: &'static str, wanted: i64| {
            for _ in 0..400 {
                if many(sql).await == wanted { return }
                tokio::time::sleep(Duration::from_millis(25)).await;
            }
            panic!("{sql} never gave {wanted}");
        };
        until("SELECT COUNT(*) AS many FROM queue_schedules WHERE name = 'identity.rotate_signing'", 1).await;
        app.clock().advance(Duration::from_hours(90 * 24 + 1));
        // A second look at once, instead of within half a minute.
        app.work().await;
        until("SELECT COUNT(*) AS many FROM signing_keys", 2).await;
        app.clock().advance(Duration::from_mins(1));
        let both = kids(&app).await;
        assert_eq!((both.len(), &both[1]), (2, &first[0]), "{both:?}");
        app.clock().advance(Duration::from_hours(24));
        app.work().await;
        until("SELECT COUNT(*) AS many FROM jobs WHERE kind = 'identity.rotate_signing' AND state = 'done'", 2).await;
        assert_eq!(many("SELECT COUNT(*) AS many FROM signing_keys").await, 2);
    }
}
