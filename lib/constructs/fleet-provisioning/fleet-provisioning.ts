import type { PlatformNames } from '@fleetwright/contracts';
import { Aws, Duration, type RemovalPolicy, Stack } from 'aws-cdk-lib';
import { AttributeType, BillingMode, Table } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { CfnProvisioningTemplate } from 'aws-cdk-lib/aws-iot';
import { CfnPermission } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { BundledFunction } from '../bundled-function/bundled-function.ts';
import type { DeviceRegistry } from '../device-registry/device-registry.ts';
import { OperatorAlarm } from '../operator-alarm/operator-alarm.ts';
import { provisioningRole } from './provisioning-role.ts';
import { provisioningTemplateBody } from './provisioning-template.ts';

export interface FleetProvisioningProps {
  readonly names: PlatformNames;
  readonly registry: DeviceRegistry;
  /** `list`: only serial numbers on the allow-list. `open`: all but denied ones. */
  readonly admission: 'open' | 'list';
  readonly sites: readonly string[];
  readonly deviceTypes: readonly string[];
  readonly basicIngestChannels: readonly string[];
  readonly logRetentionDays: number;
  readonly removalPolicy: RemovalPolicy;
  readonly metricsNamespace: string;
  readonly alarmActionArns: readonly string[];
}

/** A hook that takes longer than 5 s refuses the device (IoT developer guide, "Pre-provisioning hooks"). */
const HOOK_TIMEOUT = Duration.seconds(5);

/** Provisioning by claim: the template, its role, and the function that decides who may register. */
export class FleetProvisioning extends Construct {
  readonly template: CfnProvisioningTemplate;
  /** Serial numbers that are allowed or denied: `{ serialNumber, status: 'allowed' | 'denied', site?, deviceType? }`. */
  readonly admissions: Table;

  constructor(scope: Construct, id: string, props: FleetProvisioningProps) {
    super(scope, id);
    const { names } = props;
    this.admissions = new Table(this, 'Admissions', {
      partitionKey: { name: 'serialNumber', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      removalPolicy: props.removalPolicy,
    });
    const templateArn = Stack.of(this).formatArn({
      service: 'iot',
      resource: 'provisioningtemplate',
      resourceName: names.provisioningTemplate,
    });
    const hook = new BundledFunction(this, 'Hook', {
      name: 'pre-provisioning-hook',
      description: 'Decides whether a device may register',
      environment: {
        ADMISSIONS_TABLE: this.admissions.tableName,
        ADMISSION: props.admission,
        SITES: props.sites.join(','),
        DEVICE_TYPES: props.deviceTypes.join(','),
        TEMPLATE_ARN: templateArn,
      },
      timeout: HOOK_TIMEOUT,
      memoryMegabytes: 512,
      logRetentionDays: props.logRetentionDays,
      removalPolicy: props.removalPolicy,
      metricsNamespace: props.metricsNamespace,
    });
    hook.role.addToPrincipalPolicy(
      new PolicyStatement({
        sid: 'ReadAdmissions',
        actions: ['dynamodb:GetItem'],
        resources: [this.admissions.tableArn],
      }),
    );
    const permission = new CfnPermission(this, 'HookPermission', {
      action: 'lambda:InvokeFunction',
      functionName: hook.function.functionArn,
      principal: 'iot.amazonaws.com',
      sourceArn: templateArn,
      sourceAccount: Aws.ACCOUNT_ID,
    });
    const role = provisioningRole(this, 'Role', names, props.sites, props.deviceTypes);
    this.template = new CfnProvisioningTemplate(this, 'Template', {
      templateName: names.provisioningTemplate,
      description: `registers devices of ${names.topicRoot} by claim`,
      enabled: true,
      preProvisioningHook: { payloadVersion: '2020-04-01', targetArn: hook.function.functionArn },
      provisioningRoleArn: role.roleArn,
      templateBody: JSON.stringify(provisioningTemplateBody(names, props.basicIngestChannels)),
    });
    this.template.node.addDependency(permission, role, props.registry);

    new OperatorAlarm(this, 'HookErrors', {
      description: 'The pre-provisioning hook fails, so devices are refused. Read its log.',
      metric: hook.function.metricErrors({ period: Duration.minutes(5) }),
      above: 0,
      actionArns: props.alarmActionArns,
    });
  }
}
