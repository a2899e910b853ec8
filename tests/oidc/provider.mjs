// A real OpenID provider for tests: node provider.mjs FOLDER SETTINGS
// FOLDER has oidc-provider among its node_modules; SETTINGS is JSON: redirect_uri, the host that it goes by,
// and whether ID tokens have the address (Cognito's do) or the userinfo endpoint alone has it. Prints its
// issuer when it listens, on 127.0.0.1.
import { createServer } from "node:http";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { generateKeyPairSync, randomUUID } from "node:crypto";

const [folder, json] = process.argv.slice(2);
const { redirect_uri, host, address_in_id_token } = JSON.parse(json);
const library = join(folder, "node_modules/oidc-provider/lib/index.js");
const { Provider } = await import(pathToFileURL(library));

const people = {
  aino: { name: "Aino Aalto", email: "aino.aalto@gov.fi", email_verified: true, locale: "sv-FI" },
  eero: { name: "Eero Eskola", email: "eero.eskola@gov.fi", email_verified: false },
  pia: { name: "Pia Peltola", email: "pia.peltola@partner.example", email_verified: true },
};
const clients = [
  { client_id: "labbokning", client_secret: "a secret: + and / and %41", redirect_uris: [redirect_uri] },
  { client_id: "labbokning-public", token_endpoint_auth_method: "none", redirect_uris: [redirect_uri] },
];
const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });

// Everybody agrees to whatever a client asks for.
const loadExistingGrant = async (ctx) => {
  const { client, session, provider } = ctx.oidc;
  const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope("openid email profile");
  await grant.save();
  return grant;
};

const server = createServer();
server.listen(0, "127.0.0.1", () => {
  const issuer = `http://${host}:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients,
    jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), kid: randomUUID(), use: "sig", alg: "RS256" }] },
    cookies: { keys: [randomUUID()] },
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "locale"] },
    conformIdTokenClaims: !address_in_id_token,
    features: { devInteractions: { enabled: false } },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
    interactions: { url: (_, { uid }) => `/login/${uid}` },
    loadExistingGrant,
    pkce: { required: () => true },
    ttl: { AccessToken: 60, AuthorizationCode: 60, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
  });
  const others = provider.callback();
  server.on("request", (request, response) => {
    if (!request.url.startsWith("/login/")) return others(request, response);
    if (request.method === "POST") return login(provider, request, response);
    response.setHeader("Content-Type", "text/html; charset=utf-8");
    return response.end(page);
  });
  console.log(issuer);
});

const page = `<!doctype html><html lang="en"><title>Log in</title><h1>Log in</h1>
<form method="post"><label>Name <input name="login" autofocus></label> <button>Log in</button></form>`;

const login = async (provider, request, response) => {
  const chunks = await request.toArray();
  const accountId = new URLSearchParams(Buffer.concat(chunks).toString()).get("login");
  const result = accountId in people ? { login: { accountId } } : { error: "access_denied" };
  await provider.interactionFinished(request, response, result);
};
