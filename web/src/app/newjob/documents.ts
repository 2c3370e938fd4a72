/** A new job: what its form offers, and making it. */

import { graphql } from "../../shared/graphql.ts";

export const NewJobPage = graphql(`
  query NewJobPage {
    services { id name kind active amount { amount formatted } }
    viewer {
      __typename
      ... on InspectorViewer {
        company { id users { id name active } }
      }
    }
  }
`);

export const CreateInspection = graphql(`
  mutation CreateInspection($input: CreateInspectionInput!) {
    createInspection(input: $input) {
      inspection { id }
      userErrors { code message field }
      notices { message }
    }
  }
`);
