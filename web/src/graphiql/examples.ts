/** The tabs that GraphiQL opens with: what each scope does first. */

interface Example {
  /** Whose token it needs; everybody else is refused. */
  scope: "INSPECTOR" | "CLIENT" | "PAYER";
  query: string;
  variables?: string;
}

export const EXAMPLES: Example[] = [
  {
    scope: "INSPECTOR",
    query: `# Staff: sign in above, then see who owes what.
query Look {
  inspections(first: 10) {
    nodes {
      id
      number
      propertyAddress
      paymentStatus
      total { formatted }
      outstanding { formatted }
      invoices { number billedToName status remaining { formatted } }
    }
  }
}
`,
  },
  {
    scope: "INSPECTOR",
    query: `# Staff: what a form to add an invoice shows, of one inspection.
query Invoicing($inspection: ID!) {
  inspection(id: $inspection) {
    invoicing {
      available
      refusal { code message }
      invoiceable { formatted }
      people { id roleName person { name email } }
      services { lineItem { id description } invoiceable { formatted } }
    }
  }
}
`,
    variables: '{"inspection": ""}',
  },
  {
    scope: "INSPECTOR",
    query: `# Staff: bill somebody of the People box a part of it; a draft, which nobody is told of.
mutation Bill($inspection: ID!, $person: ID!) {
  addInvoice(input: {inspectionId: $inspection, inspectionPersonId: $person, fixedAmount: "125.00"}) {
    invoice {
      id
      number
      status
      total { formatted }
      emailPreview { to subject text }
    }
    userErrors { code message field }
  }
}
`,
    variables: '{"inspection": "", "person": ""}',
  },
  {
    scope: "PAYER",
    query: `# A payer: paste the link of an invoice's mail above.
query Asked {
  viewer {
    ... on PayerViewer {
      invoice {
        id
        number
        companyName
        propertyAddress
        status
        remaining { formatted }
        payments { status method amount { formatted } }
      }
    }
  }
}
`,
  },
  {
    scope: "PAYER",
    query: `# A payer: begin paying; open the checkoutUrl.
mutation Pay($invoice: ID!) {
  startPayment(input: {invoiceId: $invoice}) {
    checkoutUrl
    userErrors { code message }
  }
}
`,
    variables: '{"invoice": ""}',
  },
  {
    scope: "PAYER",
    query: `# A payer: watch the invoice; it tells by itself when it is paid.
subscription Watch($invoice: ID!) {
  invoiceChanged(invoiceId: $invoice) {
    status
    paymentStatus
    remaining { formatted }
  }
}
`,
    variables: '{"invoice": ""}',
  },
  {
    scope: "CLIENT",
    query: `# A client: paste the link of a client portal above.
query Portal {
  viewer {
    ... on ClientViewer {
      guest
      inspection {
        propertyAddress
        outstanding { formatted }
        invoices { billedToName status total { formatted } }
        payments { payerName status amount { formatted } }
        report { url locked }
        agreements { version current signedAt }
      }
    }
  }
}
`,
  },
];
