import type { CampaignRecord, DeviceUpdate } from '@fleetwright/contracts';
import { formatTable } from '../output/table.ts';

/** A campaign for people: how it stands, its waves, and why devices were left out or failed. */
export function describeCampaign(campaign: CampaignRecord, devices: readonly DeviceUpdate[]): string {
  const { campaignId, compatible, excluded, reason, status, version, waves } = campaign;
  const lines = [
    `campaign ${campaignId}: firmware ${version}, ${status}${reason === undefined ? '' : ` (${reason})`}`,
    `${compatible} devices, ${excluded} left out${summary(devices, 'excluded')}`,
  ];
  if (waves.length > 0) {
    const rows = waves.map(({ attempt, counts, health, phase, size, soakUntil }, index) => [
      index === 0 ? 'canary' : String(index),
      phase,
      String(size),
      String(counts.succeeded),
      String(counts.failed),
      String(counts.missed),
      String(attempt),
      phase === 'soaking' && soakUntil !== undefined
        ? `until ${new Date(soakUntil).toISOString()}`
        : health === undefined
          ? null
          : `${health.healthy} of ${health.checked}`,
    ]);
    const columns = ['wave', 'phase', 'devices', 'succeeded', 'failed', 'missed', 'jobs', 'healthy'];
    lines.push(formatTable({ columns, rows }));
  }
  const failures = summary(devices, 'failed');
  if (failures !== '') lines.push(`failed${failures}`);
  return lines.join('\n');
}

function summary(devices: readonly DeviceUpdate[], outcome: DeviceUpdate['outcome']): string {
  const reasons = new Map<string, number>();
  for (const device of devices) {
    if (device.outcome !== outcome) continue;
    const reason = device.reason ?? 'UNKNOWN';
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  if (reasons.size === 0) return '';
  return `: ${[...reasons].map(([reason, count]) => `${count} ${reason}`).join(', ')}`;
}
