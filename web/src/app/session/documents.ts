/** Signing in and out, and who it is that did. */

import { graphql, type ResultOf } from "../../shared/graphql.ts";

const Tokens = graphql(`
  fragment Tokens on SessionTokens { accessToken refreshToken }
`);

export const SignIn = graphql(
  `
    mutation SignIn($input: SignInInput!) {
      signIn(input: $input) {
        session { ...Tokens }
        secondFactorSetup { secret uri }
        recoveryCodes
        userErrors { code message field }
      }
    }
  `,
  [Tokens],
);

export const RefreshSession = graphql(
  `
    mutation RefreshSession($input: RefreshSessionInput!) {
      refreshSession(input: $input) {
        session { ...Tokens }
        userErrors { code message field }
      }
    }
  `,
  [Tokens],
);

export const AcceptInvitation = graphql(
  `
    mutation AcceptInvitation($input: AcceptInvitationInput!) {
      acceptInvitation(input: $input) {
        session { ...Tokens }
        userErrors { code message field }
      }
    }
  `,
  [Tokens],
);

export const ResetPassword = graphql(
  `
    mutation ResetPassword($input: ResetPasswordInput!) {
      resetPassword(input: $input) {
        session { ...Tokens }
        userErrors { code message field }
      }
    }
  `,
  [Tokens],
);

export const RequestPasswordReset = graphql(`
  mutation RequestPasswordReset($input: RequestPasswordResetInput!) {
    requestPasswordReset(input: $input) {
      userErrors { code message field }
    }
  }
`);

export const SignOut = graphql(`
  mutation SignOut($input: SignOutInput!) {
    signOut(input: $input) {
      signedOut
      userErrors { code message field }
    }
  }
`);

export const Staff = graphql(`
  query Staff {
    viewer {
      __typename
      ... on InspectorViewer {
        user { id name email role }
        company {
          id
          name
          currency
          timeZone
          deferredPaymentsEnabled
          advancedAutomationsEnabled
          additionalRoles
          stripe { status reason }
        }
      }
    }
  }
`);

export type Tokens = ResultOf<typeof Tokens>;
export type Viewer = Extract<ResultOf<typeof Staff>["viewer"], { __typename: "InspectorViewer" }>;
