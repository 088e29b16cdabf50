import { FIRMWARE_PREFIXES } from '@fleetwright/contracts';
import { ArnFormat, CustomResource, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import { Key, KeySpec, KeyUsage } from 'aws-cdk-lib/aws-kms';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { acknowledgeWildcard } from '../acknowledgement/acknowledge.ts';
import { BundledFunction } from '../bundled-function/bundled-function.ts';

/** What a function needs in order to sign manifests. */
export interface ManifestSigning {
  readonly environment: Readonly<Record<string, string>>;
  /** Lets a function sign, and read the public key. */
  grantSign(role: Role, bucket: Bucket): void;
  /** Where the public key is found, for stack outputs. */
  readonly outputs: Readonly<Record<string, string>>;
}

export interface KmsSigningProps {
  readonly description: string;
  readonly removalPolicy: RemovalPolicy;
}

/** A P-256 key of AWS KMS: nothing has to be prepared, and the private key never leaves the service. */
export class KmsSigning extends Construct implements ManifestSigning {
  readonly key: Key;
  readonly environment: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, string>>;

  constructor(scope: Construct, id: string, props: KmsSigningProps) {
    super(scope, id);
    this.key = new Key(this, 'Key', {
      description: props.description,
      keySpec: KeySpec.ECC_NIST_P256,
      keyUsage: KeyUsage.SIGN_VERIFY,
      removalPolicy: props.removalPolicy,
      // Without it no device takes firmware any more, until each has a new key set: time to notice.
      pendingWindow: Duration.days(props.removalPolicy === RemovalPolicy.DESTROY ? 7 : 30),
    });
    this.environment = { SIGNING: 'kms', KMS_KEY_ID: this.key.keyArn };
    this.outputs = { FirmwareKeyArn: this.key.keyArn };
  }

  grantSign(role: Role): void {
    role.addToPrincipalPolicy(
      new PolicyStatement({
        sid: 'SignManifests',
        actions: ['kms:Sign', 'kms:GetPublicKey'],
        resources: [this.key.keyArn],
      }),
    );
  }
}

export interface SignerSigningProps {
  /** Of the profile; a suffix follows. Letters, digits and underscores. */
  readonly namePrefix: string;
  /** Code-signing certificate, P-256, imported into ACM. */
  readonly certificateArn: string;
  readonly logRetentionDays: number;
  readonly removalPolicy: RemovalPolicy;
  readonly metricsNamespace: string;
}

/** AWS Signer developer guide, "Code signing for AWS IoT": detached signatures, ECDSA P-256 with SHA-256. */
const PLATFORM = 'AWSIoTDeviceManagement-SHA256-ECDSA';

/** A profile of AWS Signer on an imported certificate. CloudFormation's own type takes no IoT platforms. */
export class SignerSigning extends Construct implements ManifestSigning {
  readonly profileName: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, string>>;
  readonly #certificateArn: string;

  constructor(scope: Construct, id: string, props: SignerSigningProps) {
    super(scope, id);
    const { certificateArn, namePrefix } = props;
    this.#certificateArn = certificateArn;
    const maker = new BundledFunction(this, 'Maker', {
      name: 'ota-signing-profile',
      description: 'Makes and cancels the signing profile of firmware',
      environment: {},
      timeout: Duration.seconds(60),
      memoryMegabytes: 256,
      logRetentionDays: props.logRetentionDays,
      removalPolicy: props.removalPolicy,
      metricsNamespace: props.metricsNamespace,
    });
    const { role } = maker;
    const profiles = this.profileArn(`${namePrefix}_*`);
    role.addToPrincipalPolicy(
      new PolicyStatement({ sid: 'MakeProfile', actions: ['signer:PutSigningProfile'], resources: ['*'] }),
    );
    acknowledgeWildcard(
      role,
      '*',
      'PutSigningProfile has no resource types (service authorization reference, Signer).',
    );
    role.addToPrincipalPolicy(
      new PolicyStatement({
        sid: 'KeepProfile',
        actions: ['signer:GetSigningProfile', 'signer:CancelSigningProfile'],
        resources: [profiles],
      }),
    );
    acknowledgeWildcard(role, profiles, 'A profile ends with a suffix, because a cancelled one keeps its name.');
    const resource = new CustomResource(this, 'Profile', {
      resourceType: 'Custom::SigningProfile',
      serviceToken: maker.function.functionArn,
      serviceTimeout: Duration.minutes(5),
      properties: { NamePrefix: namePrefix, PlatformId: PLATFORM, CertificateArn: certificateArn },
    });
    resource.node.addDependency(role);
    this.profileName = resource.getAttString('ProfileName');
    this.environment = {
      SIGNING: 'signer',
      SIGNING_PROFILE: this.profileName,
      CERTIFICATE_ARN: certificateArn,
    };
    this.outputs = { FirmwareCertificateArn: certificateArn, FirmwareSigningProfile: this.profileName };
  }

  /** A signing job reads and writes S3 as whoever starts it. */
  grantSign(role: Role, bucket: Bucket): void {
    const jobs = Stack.of(this).formatArn({
      service: 'signer',
      resource: '/signing-jobs',
      resourceName: '*',
      arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
    });
    const signatures = bucket.arnForObjects(`${FIRMWARE_PREFIXES.signatures}/*`);
    const releases = bucket.arnForObjects(`${FIRMWARE_PREFIXES.releases}/*`);
    for (const [sid, actions, resource] of [
      ['StartSigning', ['signer:StartSigningJob'], this.profileArn(this.profileName)],
      ['FollowSigning', ['signer:DescribeSigningJob'], jobs],
      ['ReadCertificate', ['acm:GetCertificate'], this.#certificateArn],
      ['ReadManifests', ['s3:GetObjectVersion'], releases],
      ['KeepSignatures', ['s3:GetObject', 's3:PutObject'], signatures],
    ] as const) {
      role.addToPrincipalPolicy(new PolicyStatement({ sid, actions: [...actions], resources: [resource] }));
    }
    acknowledgeWildcard(role, jobs, 'AWS Signer draws the id of a job when it starts.');
    for (const objects of [signatures, releases]) {
      acknowledgeWildcard(role, objects, 'Files are named by version and digest, which come with each release.');
    }
  }

  private profileArn(name: string): string {
    return Stack.of(this).formatArn({
      service: 'signer',
      resource: '/signing-profiles',
      resourceName: name,
      arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
    });
  }
}
