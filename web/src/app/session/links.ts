/** The links that staff get by mail: to come to a company, and to choose another password. */

export interface StaffLink {
  kind: "invitation" | "reset";
  token: string;
}

/** The link that opened the page; it is good once, and leaves the address bar at once. */
export function takeStaffLink(): StaffLink | null {
  const link = staffLinkOf(location.hash);
  if (link) history.replaceState(null, "", location.pathname + location.search);
  return link;
}

export function staffLinkOf(hash: string): StaffLink | null {
  const found = /^#(invitation|reset)=(.+)$/.exec(hash);
  return found ? { kind: found[1] as StaffLink["kind"], token: found[2] ?? "" } : null;
}
