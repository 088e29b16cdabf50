import {
  type CampaignRecord,
  type CampaignSettings,
  deltaFile,
  IMAGE_FILE,
  MANIFEST_FILE,
  type ReleaseRecord,
  releaseKey,
  type SignedKeySet,
} from '@fleetwright/contracts';

export interface JobPlace {
  readonly bucket: string;
  readonly region: string;
}

/** The document of a wave's job: `update` of the contract, with placeholders that AWS IoT Jobs fills with presigned URLs. */
export function updateJobDocument(
  campaign: Pick<CampaignRecord, 'campaignId' | 'settings'>,
  release: ReleaseRecord,
  place: JobPlace,
  extra: { readonly nonce: string; readonly now: number; readonly keySet?: SignedKeySet | undefined },
): string {
  const source = (file: string) => {
    const key = releaseKey(release.version, release.manifestSha256, file);
    return `\${aws:iot:s3-presigned-url:https://s3.${place.region}.amazonaws.com/${place.bucket}/${key}}`;
  };
  return JSON.stringify({
    version: 1,
    operation: 'update',
    nonce: extra.nonce,
    issuedAt: extra.now,
    expiresAt: Math.min(release.expiresAt, extra.now + campaign.settings.waveSeconds * 1_000),
    campaignId: campaign.campaignId,
    firmwareVersion: release.version,
    manifest: { url: source(MANIFEST_FILE) },
    signatures: release.signatures,
    image: { url: source(IMAGE_FILE) },
    deltas: release.deltas.map(({ from }) => ({ from, url: source(deltaFile(from)) })),
    ...(extra.keySet !== undefined && { keySet: extra.keySet }),
  });
}

/** Settings of the job template, as CreateJobTemplate takes them (IoT API reference). */
export function jobSettings(settings: CampaignSettings) {
  const { abort, retries, rollout } = settings;
  const { exponential, maximumPerMinute } = rollout;
  return {
    jobExecutionsRolloutConfig: {
      maximumPerMinute,
      ...(exponential !== undefined && {
        exponentialRate: {
          baseRatePerMinute: exponential.baseRatePerMinute,
          incrementFactor: exponential.incrementFactor,
          rateIncreaseCriteria: { numberOfSucceededThings: exponential.afterSucceeded },
        },
      }),
    },
    abortConfig: {
      criteriaList: [
        {
          failureType: 'ALL' as const,
          action: 'CANCEL' as const,
          thresholdPercentage: abort.failurePercent,
          minNumberOfExecutedThings: abort.minimumEnded,
        },
      ],
    },
    timeoutConfig: { inProgressTimeoutInMinutes: settings.inProgressMinutes },
    ...(retries > 0 && {
      jobExecutionsRetryConfig: { criteriaList: [{ failureType: 'ALL' as const, numberOfRetries: retries }] },
    }),
    ...(settings.maintenanceWindows.length > 0 && { maintenanceWindows: settings.maintenanceWindows }),
  };
}
