/** What the server learns of a meeting, what it cannot learn, and what encryption is no help against. */

import { Eye, EyeOff } from "lucide-react";
import { useTexts } from "../context";
import styles from "./SecurityPanel.module.css";

export function ServerSees({ isTransit }: { readonly isTransit: boolean }) {
  const { server } = useTexts().security;
  const seen = isTransit ? [server.seesInTransit, server.namesInTransit, ...server.seen] : server.seen;
  return (
    <section>
      <h3>{server.title}</h3>
      <div className={styles.sight}>
        <h4>
          <Eye size={20} aria-hidden />
          {server.sees}
        </h4>
        <ul className={styles.facts}>
          {seen.map((fact) => (
            <li key={fact}>{fact}</li>
          ))}
        </ul>
        {!isTransit && (
          <>
            <h4>
              <EyeOff size={20} aria-hidden />
              {server.cannot}
            </h4>
            <ul className={styles.facts}>
              {server.unseen.map((fact) => (
                <li key={fact}>{fact}</li>
              ))}
            </ul>
          </>
        )}
      </div>
      {!isTransit && (
        <>
          <h3>{server.limits}</h3>
          <ul className={styles.facts}>
            {server.limitsList.map((limit) => (
              <li key={limit}>{limit}</li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}
