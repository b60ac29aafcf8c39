/** Room on the disk, and whether the workshop may write where it has to. */

import {
  accessSync,
  constants,
  existsSync,
  mkdtempSync,
  readdirSync,
  rmdirSync,
  statSync,
} from "node:fs";
import { statfs } from "node:fs/promises";
import { join } from "node:path";
import { refusalOf } from "./disk.ts";
import { type Finding, fine, notable, stopping, type World } from "./doctor-finding.ts";
import { ProgressUnusable, progressIsBroken } from "./progress-storage.ts";

const gigabyte = 1e9;

/** Free space for this user where the workshop is and where temporary files go. */
export async function lookAtSpace(
  { root, temporary }: World,
  least = gigabyte,
): Promise<readonly Finding[]> {
  const isOneDisk = statSync(root).dev === statSync(temporary).dev;
  const places = [
    { place: "here", folder: root },
    ...(isOneDisk ? [] : [{ place: `in ${temporary}`, folder: temporary }]),
  ];
  const free = await Promise.all(
    places.map(async ({ place, folder }) => {
      const { bavail, bsize } = await statfs(folder);
      const bytes = bavail * bsize;
      return { bytes, text: `${(bytes / gigabyte).toFixed(1)} GB free ${place}` };
    }),
  );
  const found = free.map(({ text }) => text).join(", ");
  if (free.every(({ bytes }) => bytes >= least)) return [fine("disk", found)];
  const remedy = `make room: private servers and their data want ${(least / gigabyte).toFixed(0)} GB`;
  return [notable("disk", found, remedy)];
}

/** Whether a file can be made in each folder that the workshop writes to. */
export async function lookAtWriting({ root, temporary }: World): Promise<readonly Finding[]> {
  const yours = "give the clone to your user (sudo chown -R $USER .), or clone anew without sudo";
  const steps = whyNotWritable(join(root, "steps")) ?? firstLockedFile(join(root, "steps"));
  const state = join(root, ".workshop");
  const kept = whyNotWritable(existsSync(state) ? state : root);
  const passing = whyNotWritable(temporary);
  const findings = [
    ...(steps === undefined ? [] : [stopping("writing", `steps/: ${steps}`, yours)]),
    ...(kept === undefined
      ? []
      : [notable("writing", `.workshop/, where your progress is kept: ${kept}`, yours)]),
    ...(passing === undefined
      ? []
      : [
          stopping(
            "writing",
            `the temporary folder ${temporary}: ${passing}`,
            "set TMPDIR (on Windows TEMP) to a folder of yours",
          ),
        ]),
  ];
  return findings.length > 0 ? findings : [fine("writing", "steps/, .workshop/, temporary files")];
}

/** Whether the file behind `npm run progress` can be read; it is left as it is. */
export async function lookAtProgress({ root }: World): Promise<readonly Finding[]> {
  try {
    if (!progressIsBroken(root)) {
      const isThere = existsSync(join(root, ".workshop", "progress.json"));
      return [fine("progress", isThere ? ".workshop/progress.json" : "none yet")];
    }
    const remedy =
      "nothing: the next command sets it aside, and npm test N finds each step solved again";
    return [notable("progress", ".workshop/progress.json is broken", remedy)];
  } catch (error) {
    if (!(error instanceof ProgressUnusable)) throw error;
    const remedy = "the steps work without it, but nothing is remembered until that is mended";
    return [notable("progress", error.message, remedy)];
  }
}

/** Tried, as permissions alone do not tell of disks that are read-only, or of Windows. */
function whyNotWritable(folder: string): string | undefined {
  try {
    rmdirSync(mkdtempSync(join(folder, ".doctor-")));
    return undefined;
  } catch (error) {
    return wordsFor(error);
  }
}

/** After `sudo git clone` or `sudo npm run reset` single files may be somebody else's. */
function firstLockedFile(steps: string): string | undefined {
  const entries = readdirSync(steps, { recursive: true, encoding: "utf8" });
  for (const name of entries) {
    try {
      accessSync(join(steps, name), constants.W_OK);
    } catch (error) {
      return `${name.replaceAll("\\", "/")}: ${wordsFor(error)}`;
    }
  }
  return undefined;
}

function wordsFor(error: unknown): string {
  const reason = refusalOf(error);
  if (reason === undefined) throw error;
  return reason;
}
