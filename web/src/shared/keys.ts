/** Idempotency keys: what lets a request be sent again without being done twice. */

export function newKey(): string {
  // Not randomUUID: that exists on secure pages only, and a development server is none under every name.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
