/**
 * The component of a page without pictures: draws nothing but the server's last sentence.
 * @module
 */

import { mounter } from "../common/mount.js";
import { styled } from "../common/styles.js";
import { Keeper } from "./keeper.js";

await styled(["../common/common.css"].map((path) => new URL(path, import.meta.url).href));

export default mounter((parent) => new Keeper(parent));
