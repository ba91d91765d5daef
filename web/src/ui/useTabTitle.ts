/** Names the browser tab after the screen. The room's id is never part of it. */

import { useEffect } from "react";

export function useTabTitle(title: string): void {
  useEffect(() => {
    document.title = title;
  }, [title]);
}
