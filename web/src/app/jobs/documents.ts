/** The list of jobs. */

import { graphql, type ResultOf, type VariablesOf } from "../../shared/graphql.ts";

export const Jobs = graphql(`
  query Jobs($filter: InspectionFilter, $orderBy: InspectionOrder, $first: Int, $after: String, $last: Int, $before: String) {
    inspections(filter: $filter, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {
      nodes {
        id
        number
        propertyAddress
        scheduledAt
        status
        paymentStatus
        overdue
        inspectorName
        total { formatted }
        outstanding { amount formatted }
        remaining { formatted }
      }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
    outstanding { formatted }
  }
`);

export type Job = ResultOf<typeof Jobs>["inspections"]["nodes"][number];
export type Asking = VariablesOf<typeof Jobs>;
