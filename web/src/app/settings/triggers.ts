/** What starts an automation, and where its link leads, as lists to choose from. */

export const TRIGGERS = [
  ["INSPECTION_SCHEDULED", "An inspection was scheduled"],
  ["FEE_ADDED", "A charge was added"],
  ["PAYMENT_RECEIVED", "A payment was received"],
  ["INSPECTION_PAID", "An inspection is paid"],
  ["REPORT_PUBLISHED", "A report was published"],
] as const;

export const LINKS = [
  ["NONE", "No link"],
  ["CLIENT_PORTAL", "The client portal"],
  ["REPORT", "The report"],
] as const;
