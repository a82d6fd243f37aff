/**
 * The pooling laboratory's component: mounts once, then takes in what Python sends.
 * @module
 */

import { mounter } from "../common/mount.js";
import { styled } from "../common/styles.js";
import { Pooling } from "./pooling.js";

await styled(["../common/common.css", "./pooling.css"].map((path) => new URL(path, import.meta.url).href));

export default mounter((parent) => new Pooling(parent));
