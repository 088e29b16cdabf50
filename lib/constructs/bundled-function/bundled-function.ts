import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { AssetHashType, DockerImage, type Duration, type RemovalPolicy } from 'aws-cdk-lib';
import { Effect, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Code, Function as LambdaFunction, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { acknowledgeWildcard } from '../acknowledgement/acknowledge.ts';
import { bundle, functionEntry } from './bundle.ts';

export interface BundledFunctionProps {
  /** Folder under `lambdas/`; its `handler.ts` exports `handler`. */
  readonly name: string;
  readonly description: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Files beside the bundle: name → content. */
  readonly files?: Readonly<Record<string, string>>;
  readonly timeout: Duration;
  readonly memoryMegabytes: number;
  readonly logRetentionDays: number;
  /** Of the log group. */
  readonly removalPolicy: RemovalPolicy;
  /** Namespace of the metrics that the function embeds in its logs. */
  readonly metricsNamespace: string;
}

/**
 * A function from our own sources, with a role and a log group of its own.
 *
 * The role may write to that log group and nothing else until something grants it more; AWS's managed basic execution
 * policy would let it write to every log group of the account. X-Ray's two actions come with tracing, and have no
 * resource types.
 */
export class BundledFunction extends Construct {
  readonly function: LambdaFunction;
  readonly role: Role;
  readonly logGroup: LogGroup;

  constructor(scope: Construct, id: string, props: BundledFunctionProps) {
    super(scope, id);
    this.logGroup = new LogGroup(this, 'Logs', {
      retention: props.logRetentionDays as RetentionDays,
      removalPolicy: props.removalPolicy,
    });
    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `${props.name}: writes its own log`,
    });
    this.role.addToPrincipalPolicy(
      new PolicyStatement({
        sid: 'WriteOwnLog',
        effect: Effect.ALLOW,
        actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        resources: [this.logGroup.logGroupArn],
      }),
    );
    acknowledgeWildcard(
      this.role,
      '*',
      'PutTraceSegments and PutTelemetryRecords have no resource types (service authorization reference, X-Ray).',
    );
    const entry = functionEntry(props.name);
    const { files = {} } = props;
    this.function = new LambdaFunction(this, 'Function', {
      description: props.description,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: 'index.handler',
      // The CDK caches what it bundled by source path, so each function names its own.
      code: Code.fromAsset(dirname(entry), {
        // Hash of what is deployed, so that a change that leaves the bundle alone deploys nothing.
        assetHashType: AssetHashType.OUTPUT,
        bundling: {
          image: DockerImage.fromRegistry('none'),
          // Part of the key by which the CDK remembers what it bundled; nothing else reads it.
          environment: { ...files },
          local: {
            tryBundle(outputDirectory) {
              bundle(entry, outputDirectory);
              for (const [name, content] of Object.entries(files)) writeFileSync(join(outputDirectory, name), content);
              return true;
            },
          },
        },
      }),
      role: this.role,
      logGroup: this.logGroup,
      tracing: Tracing.ACTIVE,
      timeout: props.timeout,
      memorySize: props.memoryMegabytes,
      environment: {
        POWERTOOLS_SERVICE_NAME: props.name,
        POWERTOOLS_METRICS_NAMESPACE: props.metricsNamespace,
        POWERTOOLS_LOG_LEVEL: 'INFO',
        ...props.environment,
      },
    });
  }
}
