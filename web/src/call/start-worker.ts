/** Starts our own workers where the policy of the page lets no text become code: by the one Trusted Types policy it allows. */

interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { readonly createScriptURL: (url: string) => string },
  ): { readonly createScriptURL: (url: string) => string };
}

// Named in the server's content security policy.
const POLICY = "huisclos-workers";

let policy: ReturnType<TrustedTypes["createPolicy"]> | undefined;

/** `url` is a file of this client, as the build names it. */
export function startWorker(url: string, name: string): Worker {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  policy ??= trustedTypes?.createPolicy(POLICY, { createScriptURL: ours });
  return new Worker(policy?.createScriptURL(url) ?? ours(url), { type: "module", name });
}

/** Refuses whatever does not come from this server's own files. */
function ours(url: string): string {
  if (new URL(url, location.href).origin !== location.origin) throw new TypeError("a worker of somebody else");
  return url;
}
