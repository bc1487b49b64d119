// A certified OpenID provider (npm: oidc-provider) with one client an algorithm, for the tests. Says its port, then serves until
// its stdin ends. Anybody signs in with any login, which is their subject and, with a domain behind it, their address.
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';

const [host, callback] = process.argv.slice(1);
const algorithms = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'EdDSA'];
const pem = { type: 'pkcs8', format: 'pem' };
// By way of PEM: Node 20 waits for ever when it collects what made a key while that same key is exported as a JWK.
const made = (type, how) => generateKeyPairSync(type, { ...how, privateKeyEncoding: pem }).privateKey;
const jwk = (type, how) => ({ ...createPrivateKey(made(type, how)).export({ format: 'jwk' }), use: 'sig' });
const keys = [
  jwk('rsa', { modulusLength: 2048 }),
  jwk('ec', { namedCurve: 'P-256' }),
  jwk('ec', { namedCurve: 'P-384' }),
  jwk('ed25519'),
];

const client = (name, more) => ({
  client_id: name,
  client_secret: 'a secret: with % and +',
  redirect_uris: [callback.replace('{provider}', name)],
  grant_types: ['authorization_code'],
  response_types: ['code'],
  ...more,
});

const server = createServer();
server.listen(0, host, () => {
  const { port } = server.address();
  const provider = new Provider(`http://${host}:${port}`, {
    clients: [
      ...algorithms.map((alg) => client(alg.toLowerCase(), { id_token_signed_response_alg: alg })),
      client('public', { client_secret: undefined, token_endpoint_auth_method: 'none' }),
    ],
    jwks: { keys },
    enabledJWA: { idTokenSigningAlgValues: algorithms },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    cookies: { keys: ['a key of the tests'] },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({
        sub: id,
        email: id.includes('@') ? id : undefined,
        email_verified: !id.startsWith('unverified'),
        name: 'Somebody',
      }),
    }),
  });
  server.on('request', provider.callback());
  process.stdout.write(`${port}\n`);
});

process.stdin.resume();
process.stdin.on('end', () => process.exit());
