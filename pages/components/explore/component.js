/**
 * The Explore page's component: mounts once, then takes in what Python sends.
 * @module
 */

import { mounter } from "../common/mount.js";
import { styled } from "../common/styles.js";
import { Explore } from "./explore.js";

await styled(["../common/common.css", "./explore.css"].map((path) => new URL(path, import.meta.url).href));

export default mounter((parent) => new Explore(parent));
