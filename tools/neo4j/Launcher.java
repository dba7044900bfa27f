import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.neo4j.dbms.api.DatabaseManagementServiceBuilder;

/** Runs a Neo4j server in a folder until it is told to end: Launcher FOLDER, the password in PASSWORD. */
class Launcher {
    public static void main(String[] arguments) throws Exception {
        var folder = Path.of(arguments[0]);
        var server = new DatabaseManagementServiceBuilder(folder)
                .loadPropertiesFromFile(folder.resolve("neo4j.conf"))
                .build();
        var told = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> { server.shutdown(); told.countDown(); }));
        server.database("system").executeTransactionally(
                "ALTER USER neo4j SET PLAINTEXT PASSWORD $password CHANGE NOT REQUIRED",
                Map.of("password", System.getenv("PASSWORD")));
        Files.writeString(folder.resolve("ready"), "");
        told.await();
    }
}
