import { CfnDeployment } from 'aws-cdk-lib/aws-greengrassv2';
import { Construct } from 'constructs';

/** What a core runs of a component, and how its configuration changes: reset first, then merged. */
export interface DeployedComponent {
  readonly version: string;
  readonly merge?: Readonly<Record<string, unknown>> | undefined;
  /** JSON pointers; `''` is the whole. */
  readonly reset?: readonly string[] | undefined;
}

/** How the deployment goes through the cores of its group (Greengrass API reference, DeploymentIoTJobConfiguration). */
export interface CoreRollout {
  readonly maximumPerMinute: number;
  readonly exponential?:
    | {
        readonly basePerMinute: number;
        readonly factor: number;
        readonly cores: number;
        readonly counts: 'notified' | 'succeeded';
      }
    | undefined;
  readonly abort: {
    readonly of: 'FAILED' | 'REJECTED' | 'TIMED_OUT' | 'ALL';
    readonly percent: number;
    readonly minimumEnded: number;
  } | null;
  readonly inProgressMinutes: number;
}

/** What a core does with a deployment (Greengrass API reference, DeploymentPolicies). */
export interface CoreDeploymentPolicies {
  readonly failureHandling: 'ROLLBACK' | 'DO_NOTHING';
  /** Whether components are asked before they are stopped. */
  readonly notify: boolean;
  readonly notifySeconds: number;
  readonly validationSeconds: number;
}

export interface CoreDeploymentProps {
  readonly name: string;
  /** Of a thing group. */
  readonly targetArn: string;
  /** By name. */
  readonly components: ReadonlyMap<string, DeployedComponent>;
  readonly rollout: CoreRollout;
  readonly policies: CoreDeploymentPolicies;
}

/**
 * What the cores of a group run. It goes on for ever: a core that joins the group gets it. Any change makes another
 * deployment to the same group, which takes the place of the one before; then the one before is cancelled and deleted, which no
 * core feels (Greengrass API reference, DeleteDeployment).
 */
export class CoreDeployment extends Construct {
  readonly resource: CfnDeployment;

  constructor(scope: Construct, id: string, props: CoreDeploymentProps) {
    super(scope, id);
    const { policies } = props;
    this.resource = new CfnDeployment(this, 'Deployment', {
      deploymentName: props.name,
      targetArn: props.targetArn,
      components: Object.fromEntries(
        [...props.components].map(([name, component]) => [name, specification(component)]),
      ),
      iotJobConfiguration: jobConfiguration(props.rollout),
      deploymentPolicies: {
        failureHandlingPolicy: policies.failureHandling,
        componentUpdatePolicy: {
          action: policies.notify ? 'NOTIFY_COMPONENTS' : 'SKIP_NOTIFY_COMPONENTS',
          timeoutInSeconds: policies.notifySeconds,
        },
        configurationValidationPolicy: { timeoutInSeconds: policies.validationSeconds },
      },
    });
  }
}

function specification({
  merge,
  reset,
  version,
}: DeployedComponent): CfnDeployment.ComponentDeploymentSpecificationProperty {
  if (merge === undefined && reset === undefined) return { componentVersion: version };
  return {
    componentVersion: version,
    configurationUpdate: {
      ...(merge !== undefined && { merge: JSON.stringify(merge) }),
      ...(reset !== undefined && { reset: [...reset] }),
    },
  };
}

function jobConfiguration(rollout: CoreRollout): CfnDeployment.DeploymentIoTJobConfigurationProperty {
  const { abort, exponential, inProgressMinutes, maximumPerMinute } = rollout;
  return {
    jobExecutionsRolloutConfig: {
      maximumPerMinute,
      ...(exponential !== undefined && {
        exponentialRate: {
          baseRatePerMinute: exponential.basePerMinute,
          incrementFactor: exponential.factor,
          // The CDK hands this one on as it is.
          rateIncreaseCriteria:
            exponential.counts === 'succeeded'
              ? { NumberOfSucceededThings: exponential.cores }
              : { NumberOfNotifiedThings: exponential.cores },
        },
      }),
    },
    ...(abort !== null && {
      abortConfig: {
        criteriaList: [
          {
            action: 'CANCEL',
            failureType: abort.of,
            thresholdPercentage: abort.percent,
            minNumberOfExecutedThings: abort.minimumEnded,
          },
        ],
      },
    }),
    timeoutConfig: { inProgressTimeoutInMinutes: inProgressMinutes },
  };
}
