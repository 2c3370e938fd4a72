/** The token of a portal's link: it comes in the address's fragment, which no browser sends, and stays in this tab. */

const KEY = "inspectpay.link";

/**
 * The token of the link that opened this page, or null without one.
 *
 * It leaves the address bar, where somebody could read or copy it, as soon as the tab can remember it: a reload then
 * finds it there. Where the tab can't, as in some mail programs, it stays in the address, and a reload works all the same.
 */
export function takeLinkToken(page: string): string | null {
  const token = location.hash.slice(1);
  if (!token) return remembered(page);
  if (remember(page, token)) history.replaceState(null, "", location.pathname + location.search);
  return token;
}

/** What Stripe's checkout said when it led back here, which proves nothing; null where nobody comes from one. */
export function checkoutOutcome(): "success" | "canceled" | null {
  const outcome = new URLSearchParams(location.search).get("checkout");
  return outcome === "success" || outcome === "canceled" ? outcome : null;
}

/** Take the outcome out of the address, so that a reload does not say it again. */
export function forgetCheckoutOutcome(): void {
  const parameters = new URLSearchParams(location.search);
  parameters.delete("checkout");
  const query = parameters.size > 0 ? `?${parameters}` : "";
  history.replaceState(null, "", location.pathname + query + location.hash);
}

function remembered(page: string): string | null {
  try {
    return sessionStorage.getItem(`${KEY}.${page}`);
  } catch {
    return null; // Storage is turned off.
  }
}

function remember(page: string, token: string): boolean {
  try {
    sessionStorage.setItem(`${KEY}.${page}`, token);
    return sessionStorage.getItem(`${KEY}.${page}`) === token;
  } catch {
    return false;
  }
}
