/** The company's settings, its staff, and one's own account. */

import { graphql, type ResultOf } from "../../shared/graphql.ts";

export const SettingsPage = graphql(`
  query SettingsPage {
    viewer {
      __typename
      ... on InspectorViewer {
        user {
          id
          secondFactor
          sessions { id userAgent createdAt refreshedAt current }
        }
        company {
          id
          name
          currency
          timeZone
          deferredPaymentsEnabled
          advancedAutomationsEnabled
          reportLockEnabled
          secondFactorRequired
          reminderDays
          defaultDueDays
          additionalRoles
          branding { logoUrl color postalAddress phone email taxId }
          users { id name email role active secondFactor }
          stripe { status accountId reason }
        }
      }
    }
    automations { id name tier trigger enabled recipients subject message link }
    services { id name description kind active amount { amount formatted } }
  }
`);

export const UpdateCompany = graphql(`
  mutation UpdateCompany($input: UpdateCompanyInput!) {
    updateCompany(input: $input) {
      userErrors { code message field }
      notices { message }
    }
  }
`);

export const UpdateBranding = graphql(`
  mutation UpdateBranding($input: UpdateBrandingInput!) {
    updateBranding(input: $input) {
      userErrors { code message field }
      notices { message }
    }
  }
`);

export const ConnectStripe = graphql(`
  mutation ConnectStripe($input: ConnectStripeInput!) {
    connectStripe(input: $input) {
      onboardingUrl
      userErrors { code message field }
    }
  }
`);

export const DisconnectStripe = graphql(`
  mutation DisconnectStripe($input: DisconnectStripeInput!) {
    disconnectStripe(input: $input) {
      userErrors { code message field }
    }
  }
`);

export const RefreshStripe = graphql(`
  mutation RefreshStripe($input: RefreshStripeConnectionInput!) {
    refreshStripeConnection(input: $input) {
      userErrors { code message field }
    }
  }
`);

export const SaveAutomation = graphql(`
  mutation SaveAutomation($input: SaveAutomationInput!) {
    saveAutomation(input: $input) {
      userErrors { code message field }
      notices { message }
    }
  }
`);

export const DeleteAutomation = graphql(`
  mutation DeleteAutomation($input: DeleteAutomationInput!) {
    deleteAutomation(input: $input) {
      userErrors { code message field }
    }
  }
`);

export const CreateService = graphql(`
  mutation CreateService($input: CreateServiceInput!) {
    createService(input: $input) {
      userErrors { code message field }
    }
  }
`);

export const UpdateService = graphql(`
  mutation UpdateService($input: UpdateServiceInput!) {
    updateService(input: $input) {
      userErrors { code message field }
    }
  }
`);

export const InviteUser = graphql(`
  mutation InviteUser($input: InviteUserInput!) {
    inviteUser(input: $input) {
      userErrors { code message field }
      notices { message }
    }
  }
`);

export const UpdateUser = graphql(`
  mutation UpdateUser($input: UpdateUserInput!) {
    updateUser(input: $input) {
      userErrors { code message field }
    }
  }
`);

export const DeactivateUser = graphql(`
  mutation DeactivateUser($input: DeactivateUserInput!) {
    deactivateUser(input: $input) {
      userErrors { code message field }
    }
  }
`);

export const ReactivateUser = graphql(`
  mutation ReactivateUser($input: ReactivateUserInput!) {
    reactivateUser(input: $input) {
      userErrors { code message field }
    }
  }
`);

export const ChangePassword = graphql(`
  mutation ChangePassword($input: ChangePasswordInput!) {
    changePassword(input: $input) {
      userErrors { code message field }
    }
  }
`);

export const EndSession = graphql(`
  mutation EndSession($input: EndSessionInput!) {
    endSession(input: $input) {
      userErrors { code message field }
    }
  }
`);

export const EnableSecondFactor = graphql(`
  mutation EnableSecondFactor($input: EnableSecondFactorInput!) {
    enableSecondFactor(input: $input) {
      secondFactorSetup { secret uri }
      userErrors { code message field }
    }
  }
`);

export const ConfirmSecondFactor = graphql(`
  mutation ConfirmSecondFactor($input: ConfirmSecondFactorInput!) {
    confirmSecondFactor(input: $input) {
      recoveryCodes
      userErrors { code message field }
    }
  }
`);

export const DisableSecondFactor = graphql(`
  mutation DisableSecondFactor($input: DisableSecondFactorInput!) {
    disableSecondFactor(input: $input) {
      userErrors { code message field }
    }
  }
`);

export type Settings = ResultOf<typeof SettingsPage>;
type Viewer = Extract<Settings["viewer"], { __typename: "InspectorViewer" }>;
export type Company = Viewer["company"];
export type You = Viewer["user"];
export type StaffMember = Company["users"][number];
export type Automation = Settings["automations"][number];
export type CatalogueEntry = Settings["services"][number];
