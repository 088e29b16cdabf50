import type { AuditCheckConfiguration } from '@aws-sdk/client-iot';
import type { ResourceProvider } from '../../../../../core/resources.ts';
import { invalidRequest, resourceAlreadyExists } from '../../../errors.ts';
import { durableProvider } from '../../../resources/durable-provider.ts';
import { isTrue } from '../../../resources/template-boolean.ts';
import type { Audit } from '../audit.ts';
import { CHECK_NAMES } from '../audit-checks.ts';

interface Check {
  Enabled?: boolean | string;
  Configuration?: { CertAgeThresholdInDays?: string | number; CertExpirationThresholdInDays?: string | number };
}

interface AccountAuditConfigurationProperties {
  AccountId: string;
  AuditCheckConfigurations: Record<string, Check>;
  AuditNotificationTargetConfigurations?: {
    Sns?: { Enabled?: boolean | string; RoleArn?: string; TargetArn?: string };
  };
  RoleArn: string;
}

/** Checks by their names without underscores: `IoTPolicyPotentialMisConfigurationCheck` and the like. */
const BY_PROPERTY = new Map(CHECK_NAMES.map((name) => [name.replaceAll('_', ''), name]));

const OPTIONS = {
  CertAgeThresholdInDays: 'CERT_AGE_THRESHOLD_IN_DAYS',
  CertExpirationThresholdInDays: 'CERT_EXPIRATION_THRESHOLD_IN_DAYS',
} as const;

/** AWS::IoT::AccountAuditConfiguration. Checks that the template leaves out are disabled. */
export function accountAuditConfigurationResource(audit: Audit): ResourceProvider<AccountAuditConfigurationProperties> {
  const { service, configuration } = audit;
  const apply = (properties: AccountAuditConfigurationProperties) => {
    const { accountId } = service.context.account;
    if (properties.AccountId !== accountId) throw invalidRequest(`AccountId must be ${accountId}`);
    const target = properties.AuditNotificationTargetConfigurations?.Sns;
    configuration.update({
      roleArn: properties.RoleArn,
      auditCheckConfigurations: {
        ...Object.fromEntries(CHECK_NAMES.map((name) => [name, { enabled: false }])),
        ...readChecks(properties.AuditCheckConfigurations),
      },
      auditNotificationTargetConfigurations: {
        SNS: {
          enabled: isTrue(target?.Enabled),
          ...(target?.RoleArn === undefined ? {} : { roleArn: target.RoleArn }),
          ...(target?.TargetArn === undefined ? {} : { targetArn: target.TargetArn }),
        },
      },
    });
    return { physicalId: accountId, attributes: {} };
  };
  return durableProvider(service, {
    type: 'AWS::IoT::AccountAuditConfiguration',
    replaceOn: ['AccountId'],
    properties: ['AccountId', 'AuditCheckConfigurations', 'AuditNotificationTargetConfigurations', 'RoleArn'],
    async create(properties) {
      if (configuration.get() !== undefined) {
        throw resourceAlreadyExists('The account already has an audit configuration', '', properties.AccountId);
      }
      return apply(properties);
    },
    async update(properties) {
      return apply(properties);
    },
    async delete() {
      configuration.delete();
    },
  });
}

function readChecks(checks: Record<string, Check>): Record<string, AuditCheckConfiguration> {
  const read: Record<string, AuditCheckConfiguration> = {};
  for (const [property, { Enabled, Configuration }] of Object.entries(checks)) {
    const name = BY_PROPERTY.get(property.toUpperCase());
    if (name === undefined) throw invalidRequest(`AuditCheckConfigurations has no property ${property}`);
    const options = Object.entries(Configuration ?? {}).map(([option, value]) => {
      if (!Object.hasOwn(OPTIONS, option)) throw invalidRequest(`${property} has no configuration ${option}`);
      return [OPTIONS[option as keyof typeof OPTIONS], String(value)];
    });
    read[name] = {
      enabled: isTrue(Enabled),
      ...(options.length === 0 ? {} : { configuration: Object.fromEntries(options) }),
    };
  }
  return read;
}
