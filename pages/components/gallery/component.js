/**
 * The Kernels page's component: mounts once, then takes in what Python sends.
 * @module
 */

import { mounter } from "../common/mount.js";
import { styled } from "../common/styles.js";
import { Gallery } from "./gallery.js";

await styled(["../common/common.css", "./gallery.css"].map((path) => new URL(path, import.meta.url).href));

export default mounter((parent) => new Gallery(parent));
