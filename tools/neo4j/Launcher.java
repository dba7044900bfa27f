import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import org.neo4j.dbms.api.DatabaseManagementService;
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
        try {
            // A password can't be replaced by itself, which a second start would try.
            setPassword(server, UUID.randomUUID().toString());
            setPassword(server, System.getenv("PASSWORD"));
            Files.writeString(folder.resolve("ready"), "");
        } catch (Exception failure) {
            failure.printStackTrace();
            System.exit(1);
        }
        told.await();
    }

    private static void setPassword(DatabaseManagementService server, String password) {
        server.database("system").executeTransactionally(
                "ALTER USER neo4j SET PLAINTEXT PASSWORD $password CHANGE NOT REQUIRED", Map.of("password", password));
    }
}
