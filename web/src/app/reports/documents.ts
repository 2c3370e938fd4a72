/** The company's money over a period, seen from several sides at once. */

import { graphql, type ResultOf } from "../../shared/graphql.ts";

const Row = graphql(`
  fragment Row on PaymentReportRow {
    key
    label
    count
    paid { amount formatted }
    refunded { amount formatted }
    outstanding { amount formatted }
    unsent { amount formatted }
    writtenOff { amount formatted }
  }
`);

export const ReportsPage = graphql(
  `
    query ReportsPage($from: DateTime!, $to: DateTime!, $period: PaymentReportGroup!) {
      byPeriod: paymentReport(from: $from, to: $to, groupBy: $period) { ...Row }
      byRole: paymentReport(from: $from, to: $to, groupBy: PAYER_ROLE) { ...Row }
      byMethod: paymentReport(from: $from, to: $to, groupBy: METHOD) { ...Row }
      byStatus: paymentReport(from: $from, to: $to, groupBy: STATUS) { ...Row }
      byInspector: paymentReport(from: $from, to: $to, groupBy: INSPECTOR) { ...Row }
      outstanding { formatted }
      paymentExportUrl(from: $from, to: $to)
      receivablesExportUrl(from: $from, to: $to)
    }
  `,
  [Row],
);

export type Row = ResultOf<typeof Row>;
