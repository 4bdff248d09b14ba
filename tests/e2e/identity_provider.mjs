// A certified OpenID provider on loopback: `node identity_provider.mjs FRONTEND PORT REDIRECT_URI…`, prints "ready".
// Whoever signs in is who they say: the address typed decides the claims.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [, , frontend, port, ...redirectUris] = process.argv;
const entry = createRequire(`${frontend}/package.json`).resolve('oidc-provider');
const { Provider } = await import(pathToFileURL(entry).href);

const GROUPS = { ada: ['readers'], grace: ['managers', 'readers'], mallory: ['visitors'] };

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{ client_id: 'fiducial', client_secret: 'a-secret-of-some-length', redirect_uris: redirectUris, token_endpoint_auth_method: 'client_secret_post' }],
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'groups'] },
  features: { devInteractions: { enabled: true } },
  pkce: { required: () => true },
  cookies: { keys: ['one', 'two'] },
  findAccount: (_context, id) => ({
    accountId: id,
    claims: () => {
      const who = id.split('@')[0];
      return { sub: id, email: id, email_verified: true, name: who, groups: GROUPS[who] ?? [] };
    },
  }),
});
provider.listen(Number(port), '127.0.0.1', () => console.log('ready'));
