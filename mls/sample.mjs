/** Prints messages of a small meeting as JSON (hex), for another implementation of MLS to read: `node mls/sample.mjs`. */

import { ed25519, member } from "./member.mjs";

const hex = (bytes) => Buffer.from(bytes).toString("hex");
const [anna, basil] = [await member(2), await member(1)];
anna("create", { sender: (await ed25519()).publicKey });
const keyPackage = basil("key_package");
const added = anna("commit", { adds: [keyPackage] });
anna("accepted");
basil("join_welcome", { welcome: added.welcome });
const update = basil("commit", { update: true });
const sample = { key_package: keyPackage, welcome: added.welcome, info: anna("info"), commit: update.commit };
const identities = anna("roster").map(({ identity }) => identity);
console.log(JSON.stringify({ ...Object.fromEntries(Object.entries(sample).map(([name, bytes]) => [name, hex(bytes)])), identities }));
