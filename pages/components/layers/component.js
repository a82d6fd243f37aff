/**
 * The layers laboratory's component: mounts once, then takes in what Python sends.
 * @module
 */

import { mounter } from "../common/mount.js";
import { styled } from "../common/styles.js";
import { Layers } from "./layers.js";

await styled(["../common/common.css", "./layers.css"].map((path) => new URL(path, import.meta.url).href));

export default mounter((parent) => new Layers(parent));
